import NGProtocol
import WireFormat

/// Any octets as the body of a message: they decode to a request or to an error, and what was decoded can be written and
/// read again in both formats.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNGBody(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // SAFETY: libFuzzer hands over `count` octets that can be read for the time of this call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let decoded = try? NGCodec.decode(input) else { return 0 }
    for format in [NGBodyFormat.bencode, .json] {
        let written = NGCodec.encode(decoded.dictionary, as: format)
        guard let again = try? NGCodec.decode(written) else { fatalError("cannot read what was written") }
        // JSON has no octets that are not UTF-8, so only what came as JSON comes back as it was.
        guard format == .bencode || decoded.format == .json else { continue }
        precondition(again.dictionary == decoded.dictionary, "read something else than was written")
    }
    guard let request = try? NGRequest(decoded.dictionary) else { return 0 }
    for warning in request.warnings { precondition(!"\(warning)".contains("\n"), "a warning is one line") }
    return 0
}
