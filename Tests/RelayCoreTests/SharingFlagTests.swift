import RelayCore
import Synchronization
import Testing
import WireFormat

@Suite("Whether other relays are told of a change at once")
struct SharingFlagTests {
    private final class Changes: CallObserver {
        let count = Mutex(0)
        func latestCreation(of id: ByteString) -> UInt64 { 0 }
        func callChanged(_ id: ByteString) { count.withLock { $0 += 1 } }
        func callEnded(_ ending: CallEnding) {}
    }

    private static let sdp = Array(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n".utf8)

    @Test("An offer or answer with no-redis-update waits for the next change")
    func waits() throws {
        let relay = try Relay(
            Relay.Configuration(interfaces: [MediaInterface(local: IPAddress(ipv4: 0x7F00_0001))]),
            runsHousekeeping: false)
        defer { relay.stop() }
        let changes = Changes()
        relay.observe(changes)
        var offer = Offer(callID: "1", fromTag: "a", sdp: Self.sdp)
        offer.options.isShared = false
        var answer = Answer(callID: "1", fromTag: "a", toTag: "b", sdp: Self.sdp)
        answer.options.isShared = false
        _ = try relay.offer(offer)
        _ = try relay.answer(answer)
        #expect(changes.count.withLock { $0 } == 0)
        answer.options.isShared = true
        _ = try relay.answer(answer)
        #expect(changes.count.withLock { $0 } == 1)
        #expect(try #require(relay.version(of: "1")).revision == 3, "what is told then is all of it")
    }
}
