import NGProtocol
import Testing
import WireFormat

@Suite("Bodies are written piece by piece")
struct NGWriterTests {
    private func written(_ format: NGBodyFormat) -> [UInt8] {
        var writer = NGWriter(ByteWriter(), as: format)
        writer.dictionary { body in
            body.field("text", "a\"b")
            body.field("number", -5)
            body.field("most", UInt64.max)
            body.field("address", IPAddress("192.0.2.1")!)
            body.field("other address", IPAddress("2001:db8::1")!)
            body.field("nothing", ifPresent: nil)
            body.list("none") { _ in }
            body.list("list") { list in
                list.string("x")
                list.dictionary { $0.field("y", ByteString([0xFF])) }
                list.integer(3)
                list.list { _ in }
            }
            body.key(ByteString("key"))
            body.dictionary { _ in }
            body.entries(of: ["inner": ["a", "b", ["c": 1]], "last": ""])
        }
        return writer.bytes
    }

    /// The same as a tree of values.
    private let tree: NGDictionary = [
        "text": "a\"b", "number": -5, "most": .integer(.max), "address": "192.0.2.1", "other address": "2001:db8::1",
        "none": [], "list": ["x", ["y": .string(ByteString([0xFF]))], 3, []], "key": [:],
        "inner": ["a", "b", ["c": 1]], "last": "",
    ]

    @Test("What is written is what a tree of values says", arguments: [NGBodyFormat.bencode, .json])
    func sameAsTree(_ format: NGBodyFormat) throws {
        let bytes = written(format)
        #expect(bytes == NGCodec.encode(tree, as: format))
        let decoded = try NGCodec.decode(bytes)
        #expect(decoded.format == format)
        #expect(decoded.dictionary.count == tree.count)
        if format == .bencode { #expect(decoded.dictionary == tree) }
    }
}
