import Logging
import NGProtocol
import RelayControl
import RelayCore
import Synchronization
import Testing
import WireFormat

@Suite("Calls whose commands are logged word for word")
struct TracedCallTests {
    /// Keeps what is logged as warning or less.
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .notice
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { lines.all.withLock { $0.append("\(event.message)") } }
    }

    @Test("The flag debug shows what follows, until it is switched off; other calls are quiet")
    func flag() throws {
        let lines = Lines()
        let log = Logger(label: "test", factory: { _ in Handler(lines: lines) })
        var configuration = Relay.Configuration(interfaces: [MediaInterface(local: IPAddress(ipv4: 0x7F00_0001))])
        configuration.logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let relay = try Relay(configuration, runsHousekeeping: false)
        defer { relay.stop() }
        let traced = TracedCalls()
        let dispatcher = NGDispatcher(relay: relay, log: log, traced: traced)
        func send(_ number: Int, _ command: NGDictionary) -> [String] {
            lines.all.withLock { $0 = [] }
            dispatcher.receive(
                Array("\(number) ".utf8) + NGCodec.encode(command, as: .bencode),
                from: TransportAddress(IPAddress(ipv4: 0x7F00_0001), port: 9)
            ) { _ in }
            return lines.all.withLock { $0 }
        }
        let sdp =
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
            + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secret\r\n"
        let offer: NGDictionary = [
            "command": "offer", "call-id": "1", "from-tag": "a", "sdp": .string(ByteString(sdp)), "flags": ["debug"],
        ]
        let seen = send(1, offer)
        #expect(seen.contains { $0.hasPrefix("offer: received: {") && $0.contains("\"call-id\":\"1\"") })
        #expect(seen.contains("offer: received: m=audio 4000 RTP/AVP 8"))
        #expect(seen.contains("offer: received: a=crypto:…") && !seen.contains { $0.contains("secret") })
        #expect(seen.contains { $0.hasPrefix("offer: answered: m=audio ") })
        #expect(seen.contains { $0.hasPrefix("offer: answered: {") && $0.hasSuffix("\"result\":\"ok\"}") })

        #expect(!send(2, ["command": "query", "call-id": "1"]).isEmpty)
        #expect(send(3, ["command": "query", "call-id": "2"]).count == 1, "only that it failed")
        traced.set("1", false)
        #expect(send(4, ["command": "query", "call-id": "1"]).isEmpty)
    }

    @Test("Of too many calls the last ones are traced")
    func limit() {
        let traced = TracedCalls()
        for number in 0...TracedCalls.most { traced.set(ByteString("\(number)"), true) }
        #expect(!traced.contains("0"))
        #expect(traced.contains("1") && traced.contains(ByteString("\(TracedCalls.most)")))
        #expect(!traced.contains(nil))
    }
}
