import Testing

@testable import RelayCore

@Suite("Rounds of a thread whose ports have sockets of their own")
struct RoundControlTests {
    private static let millisecond: UInt64 = 1_000_000

    /// Rounds of one length, 10 ms apart, in which ports have more than one datagram, or not; whether each was one of a thread
    /// that is behind.
    private func rounds(
        _ ready: Int, _ times: Range<UInt64>, passing: Bool = true, on control: inout RoundControl
    ) -> [Bool] {
        times.map {
            defer { if passing { control.passOver() } }
            return control.begin(ready: ready, at: $0 * 10 * Self.millisecond)
        }
    }

    @Test("a thread that keeps up relays everything, however long it runs")
    func keepsUp() {
        var control = RoundControl()
        #expect(!rounds(31, 100..<1000, on: &control).contains(true))
    }

    @Test("a burst is relayed whole; crowded rounds for more than 200 ms mean that it is behind, until one is not")
    func behind() {
        var control = RoundControl()
        _ = rounds(1, 100..<101, on: &control)
        #expect(!rounds(256, 101..<121, on: &control).contains(true))
        #expect(!rounds(256, 121..<140, on: &control).contains(false))
        #expect(rounds(3, 140..<141, on: &control) == [false])
        #expect(!rounds(256, 141..<161, on: &control).contains(true))
    }

    @Test("as soon as no port has two datagrams it has caught up, however many ports are ready")
    func caughtUp() {
        var control = RoundControl()
        #expect(rounds(256, 100..<122, on: &control).last == true)
        #expect(rounds(256, 122..<124, passing: false, on: &control) == [true, false])
        #expect(!rounds(256, 124..<143, on: &control).contains(true))
    }

    @Test("a thread that did not run for a while is not behind because of that")
    func pause() {
        var control = RoundControl()
        #expect(!rounds(256, 100..<110, on: &control).contains(true))
        // For a second.
        #expect(!rounds(256, 210..<220, on: &control).contains(true))
        #expect(!rounds(256, 222..<240, on: &control).contains(false))
    }
}
