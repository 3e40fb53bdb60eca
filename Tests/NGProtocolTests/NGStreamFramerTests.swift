import Testing

@testable import NGProtocol

@Suite struct NGStreamFramerTests {
    private let messages = Kamailio.all.map(\.bytes) + Exchange.all.map(\.reply)

    @Test("finds every message, however the stream is cut", arguments: [1, 2, 3, 7, 100, 1000, 100_000])
    func pieces(_ size: Int) {
        let stream = Array(messages.joined())
        var (framer, found) = (NGStreamFramer(), [[UInt8]]())
        for start in stride(from: 0, to: stream.count, by: size) {
            framer.append(stream[start..<min(start + size, stream.count)])
            while case .message(let message) = framer.next() { found.append(message) }
        }
        #expect(found == messages)
        #expect(framer.pending == 0)
        #expect(framer.next() == .needsMore)
    }

    @Test("no part of a message is taken for a whole one", arguments: Kamailio.all)
    func prefixes(_ message: Message) {
        for length in 0..<message.bytes.count {
            var framer = NGStreamFramer()
            framer.append(message.bytes[..<length])
            #expect(framer.next() == .needsMore)
        }
    }

    @Test(
        "what can never become a message is garbage once there is too much of it",
        arguments: [
            "", "c x", "c {\"command\":\"ping\"}", "c le", "c i1e", "c d1:ax", "c d-1:a", "c d1:ai-ee", "c d1:aie",
            "c d99999999:", "c d1:ai999999999999999999999e", "c e", "c d" + String(repeating: "l", count: 100),
        ])
    func garbage(_ start: String) {
        var framer = NGStreamFramer()
        let bytes = Array(start.utf8)
        framer.append(bytes)
        #expect(framer.next() == .needsMore)
        framer.append([UInt8](repeating: UInt8(ascii: "x"), count: NGStreamFramer.garbageLimit - bytes.count))
        #expect(framer.next() == .needsMore)
        framer.append([UInt8(ascii: "x")])
        #expect(framer.next() == .garbage)
    }

    @Test("a message before the garbage still counts")
    func messageThenGarbage() {
        var framer = NGStreamFramer()
        framer.append(Kamailio.delete + [UInt8](repeating: UInt8(ascii: "x"), count: 2000))
        #expect(framer.next() == .message(Kamailio.delete))
        #expect(framer.next() == .garbage)
    }

    @Test("a valid message has a limit, too")
    func tooLong() {
        var framer = NGStreamFramer()
        framer.append(Array("c d4:blob1048576:".utf8))
        framer.append([UInt8](repeating: 0, count: NGCodec.maximumMessageLength - 20))
        #expect(framer.next() == .needsMore)
        framer.append([UInt8](repeating: 0, count: 20))
        #expect(framer.next() == .garbage)
    }
}
