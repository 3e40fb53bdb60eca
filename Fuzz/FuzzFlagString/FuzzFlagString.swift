import NGProtocol
import WireFormat

/// Any octets as a flag string, as one word of `flags`, and as a template: they make a request, perhaps with warnings.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFlagString(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // SAFETY: libFuzzer hands over `count` octets that can be read for the time of this call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let flags = ByteString(input)
    let entries: [NGDictionary] = [
        ["command": "offer", "rtpp-flags": .string(flags)], ["command": "offer", "flags": [.string(flags)]],
        ["command": "offer", "template": "t"],
    ]
    for dictionary in entries {
        guard let request = try? NGRequest(dictionary, templates: ["t": flags]) else {
            fatalError("a flag string cannot make a request unreadable")
        }
        for warning in request.warnings { precondition(!"\(warning)".contains("\n"), "a warning is one line") }
    }
    return 0
}
