import SDP
import Testing
import WireFormat

@Suite struct GoldenTests {
    /// Without this, an empty folder would pass.
    @Test func casesAreFound() { #expect(GoldenCase.all.count >= 25) }

    @Test(arguments: GoldenCase.all)
    func isWrittenWell(_ example: GoldenCase) { #expect(example.flaw == nil) }

    @Test(
        "A case that is written wrongly is not passed over",
        arguments: [
            ("v=0\n----\nversion=1\n", "2 parts instead of 3"),
            ("v=0\n----\nversion=1\n----\nv=0\n----\n", "4 parts instead of 3"),
            ("v=0\n----\nversion\n----\nv=0\n", "'version' changes nothing"),
        ])
    func flaw(text: String, flaw: String) { #expect(GoldenCase("wrong", text).flaw == flaw) }

    @Test(arguments: GoldenCase.all)
    func composes(_ example: GoldenCase) throws {
        let document = try SDPDocument(parsing: example.input)
        let output = document.composed(with: try example.rewrite())
        #expect(text(output) == example.expected)
        let line = output.split(separator: UInt8(ascii: "\n")).first { $0.last != UInt8(ascii: "\r") }
        #expect(line == nil, "every line ends with CRLF")
        #expect(try SDPDocument(parsing: output).media.count == document.media.count)
    }

    @Test(arguments: GoldenCase.all)
    func keepsTheOctets(_ example: GoldenCase) throws {
        #expect(try SDPDocument(parsing: example.input).bytes == example.input)
    }

    /// What we wrote, read and written with the same changes, stays as it is: a chain of relays does not garble anything.
    @Test(arguments: GoldenCase.all)
    func isStable(_ example: GoldenCase) throws {
        let rewrite = try example.rewrite()
        guard rewrite.sessionEdit == nil, rewrite.mediaEdits.isEmpty else { return }  // what is added is added again
        let first = try SDPDocument(parsing: example.input).composed(with: rewrite)
        #expect(text(try SDPDocument(parsing: first).composed(with: rewrite)) == text(first))
    }

    @Test(arguments: GoldenCase.all)
    func everyPrefixIsReadOrRefused(_ example: GoldenCase) throws {
        let rewrite = try example.rewrite()
        for length in example.input.indices {
            guard let document = try? SDPDocument(parsing: Array(example.input[..<length])) else { continue }
            #expect(document.media.count <= rewrite.media.count)
            #expect(throws: Never.self) { try SDPDocument(parsing: document.composed(with: rewrite)) }
        }
    }
}
