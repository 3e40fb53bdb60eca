import RelayBenchKit
import Testing

@Suite struct PacerTests {
    @Test(
        "packet n is due at start + n / rate, not a nanosecond earlier",
        arguments: [1, 3, 50, 7_777, 50_000, 999_999_937])
    func exact(_ rate: UInt64) {
        let pacer = Pacer(rate: rate, start: 1_000)
        for packet in [0, 1, 2, 3, 1_000, 123_456_789] as [UInt64] {
            let time = pacer.time(of: packet)
            #expect(pacer.due(at: time) > packet)
            #expect(pacer.due(at: time - 1) <= packet)
        }
    }

    @Test("nothing is due before the start")
    func early() {
        #expect(Pacer(rate: 50, start: 100).due(at: 99) == 0)
        #expect(Pacer(rate: 50, start: 100).due(at: 100) == 1)
    }

    @Test("a day at 100,000 packets a second does not drift")
    func noDrift() {
        let pacer = Pacer(rate: 100_000, start: 5)
        #expect(pacer.time(of: 86_400 * 100_000) == 86_400_000_000_000 + 5)
    }

    @Test("the ends of the range do not trap")
    func extremes() {
        let pacer = Pacer(rate: .max, start: 0)
        #expect(pacer.due(at: .max) == .max)
        #expect(Pacer(rate: 1, start: .max).time(of: .max) == .max)
        #expect(Pacer(rate: 0, start: 0).rate == 1)
    }
}
