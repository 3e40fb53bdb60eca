import RelayBenchKit
import Testing

@Suite struct NGWindowTests {
    private static let second: UInt64 = 1_000_000_000

    /// The reply that a relay would give to what is in a slot.
    private static func reply(to window: NGWindow, slot: Int, body: String = "d6:result2:oke") -> [UInt8] {
        let datagram = window.datagram(slot: slot)
        return Array(datagram.prefix { $0 != UInt8(ascii: " ") }) + Array(" \(body)".utf8)
    }

    @Test("a reply finds its command by the cookie, in any order")
    func matches() throws {
        var window = NGWindow(slots: 3, run: "r")
        for slot in 0..<3 { window.begin(slot: slot, body: [UInt8(ascii: "d")], at: UInt64(slot)) }
        #expect(window.open == 3)
        for slot in [1, 2, 0] {
            let datagram = Self.reply(to: window, slot: slot)
            let answered = window.reply(datagram, at: 100)
            let match = try #require(answered)
            #expect(match.slot == slot)
            #expect(match.elapsed == 100 - UInt64(slot))
            #expect(String(decoding: datagram[match.bodyOffset...], as: UTF8.self) == "d6:result2:oke")
        }
        #expect(window.open == 0)
    }

    @Test("a reply counts once, and not for the next command in its slot")
    func late() {
        var window = NGWindow(slots: 1, run: "r")
        window.begin(slot: 0, body: [], at: 0)
        let first = Self.reply(to: window, slot: 0)
        #expect(window.reply(first, at: 1) != nil)
        #expect(window.reply(first, at: 2) == nil)
        window.begin(slot: 0, body: [], at: 3)
        #expect(window.reply(first, at: 4) == nil)
        #expect(window.open == 1)
    }

    @Test(
        "strangers are no replies",
        arguments: [
            "", " ", "r_", "r_0_1", "x_0_1 d", "r_1_1 d", "r_0_2 d", "r__1 d", "r_0_ d", "r_-0_1 d",
            "r_0_99999999999999999999 d",
        ])
    func strangers(_ text: String) {
        var window = NGWindow(slots: 1, run: "r")
        window.begin(slot: 0, body: [], at: 0)
        #expect(window.reply(Array(text.utf8), at: 1) == nil)
        #expect(window.open == 1)
    }

    @Test("a command goes out each second, five times in all, and is then given up")
    func givesUp() {
        var window = NGWindow(slots: 2, run: "r")
        window.begin(slot: 1, body: [1, 2, 3], at: 0)
        let datagram = window.datagram(slot: 1)
        #expect(window.overdue(at: Self.second - 1).isEmpty)
        for attempt in 1...4 {
            #expect(window.overdue(at: UInt64(attempt) * Self.second) == [.sendAgain(slot: 1)])
            #expect(window.datagram(slot: 1) == datagram)
        }
        #expect(window.repeats == 4)
        #expect(window.overdue(at: 5 * Self.second) == [.giveUp(slot: 1)])
        #expect(window.open == 0)
        #expect(window.overdue(at: 6 * Self.second).isEmpty)
    }

    @Test("the time of a repeated command counts from its first datagram")
    func elapsedOverRepeats() {
        var window = NGWindow(slots: 1, run: "r")
        window.begin(slot: 0, body: [], at: 0)
        #expect(window.overdue(at: Self.second) == [.sendAgain(slot: 0)])
        let datagram = Self.reply(to: window, slot: 0)
        #expect(window.reply(datagram, at: Self.second + 5)?.elapsed == Self.second + 5)
    }
}
