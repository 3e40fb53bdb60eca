import NGProtocol
import WireFormat

/// Any octets as a stream: it falls into the same messages however it is cut, and every message is one.
///
/// The first octet says how long the pieces are.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNGStream(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // SAFETY: libFuzzer hands over `count` octets that can be read for the time of this call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = input.first else { return 0 }
    let stream = input.dropFirst()
    let whole = messages(of: stream, inPiecesOf: max(stream.count, 1))
    let pieces = messages(of: stream, inPiecesOf: Int(first) + 1)
    // In pieces, the garbage after a message may close the connection earlier, never with other messages before it.
    precondition(
        whole.starts(with: pieces) || pieces.starts(with: whole), "a message depends on how the stream was cut")
    for octets in whole {
        guard octets.first != UInt8(ascii: " ") else { continue }  // no cookie, no message
        guard let message = NGMessage(datagram: octets) else { fatalError("not a message") }
        // The framer follows lengths and nesting only, so the decoder may still refuse; it never needs more.
        _ = try? NGCodec.decode(message.body)
    }
    return 0
}

private func messages(of stream: ArraySlice<UInt8>, inPiecesOf size: Int) -> [[UInt8]] {
    var (framer, found, rest) = (NGStreamFramer(), [[UInt8]](), stream)
    while !rest.isEmpty {
        framer.append(rest.prefix(size))
        rest = rest.dropFirst(size)
        var step = framer.next()
        while case .message(let message) = step {
            found.append(message)
            step = framer.next()
        }
        if step == .garbage { break }
    }
    return found
}
