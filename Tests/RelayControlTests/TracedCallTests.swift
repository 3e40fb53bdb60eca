import Logging
import NGProtocol
import RelayControl
import RelayCore
import Synchronization
import Testing
import WireFormat

/// Hands commands to a relay, and keeps what that logs.
private final class LoggedControl: Sendable {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            let id = event.metadata?["call-id"].map { "[\($0)]: " } ?? ""
            lines.all.withLock { $0.append("\(id)\(event.message)") }
        }
    }

    private let relay: Relay
    private let dispatcher: NGDispatcher
    private let lines = Lines()
    private let cookies = Atomic<Int>(0)

    init(_ level: Logger.Level, _ traced: TracedCalls = TracedCalls()) throws {
        let log = Logger(label: "test", factory: { [lines] _ in Handler(lines: lines, logLevel: level) })
        var configuration = Relay.Configuration(interfaces: [MediaInterface(local: IPAddress(ipv4: 0x7F00_0001))])
        configuration.logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        relay = try Relay(configuration, runsHousekeeping: false)
        dispatcher = NGDispatcher(relay: relay, log: log, traced: traced)
    }

    deinit { relay.stop() }

    /// Sends a command; returns the lines that it has caused.
    func send(_ command: NGDictionary, from address: IPAddress = IPAddress(ipv4: 0x7F00_0001)) -> [String] {
        lines.all.withLock { $0 = [] }
        dispatcher.receive(
            Array("\(cookies.add(1, ordering: .relaxed).newValue) ".utf8) + NGCodec.encode(command, as: .bencode),
            from: TransportAddress(address, port: 9)
        ) { _ in }
        return lines.all.withLock { $0 }
    }
}

@Suite struct CommandLogTests {
    @Test("at level 6 every command and reply has a line, in rtpengine's words")
    func info() throws {
        let control = try LoggedControl(.info)
        let ping = control.send(["command": "ping"])
        #expect(ping.first == "Received command 'ping' from 127.0.0.1:9")
        #expect(ping.count == 2)
        #expect(
            ping.last?.wholeMatch(of: /Replying to 'ping' from 127\.0\.0\.1:9 \(elapsed time 0\.\d{6} sec\)/) != nil)
        let query = control.send(["command": "query", "call-id": "x"])
        #expect(query.first == "[x]: Received command 'query' from 127.0.0.1:9")
        #expect(query.last?.hasPrefix("[x]: Replying to 'query' from 127.0.0.1:9 (") == true)
    }

    @Test("the relay's own questions, 20 a second, are not in the log")
    func heartbeat() throws {
        #expect(try LoggedControl(.info).send(["command": "ping"], from: .unspecified(.ipv4)).isEmpty)
    }

    @Test("at level 5 there is none")
    func notice() throws {
        #expect(try LoggedControl(.notice).send(["command": "ping"]).isEmpty)
    }
}

@Suite("Calls whose commands are logged word for word")
struct TracedCallTests {
    @Test("The flag debug shows what follows, until it is switched off; other calls are quiet")
    func flag() throws {
        let traced = TracedCalls()
        let control = try LoggedControl(.error, traced)
        let sdp =
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
            + "k=clear:secret\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secret\r\na=CRYPTO:2 secret\r\n"
            + "a=Key-Mgmt:mikey secret\r\na=ice-pwd:secret\r\n"
        let offer: NGDictionary = [
            "command": "offer", "call-id": "1", "from-tag": "a", "sdp": .string(ByteString(sdp)), "flags": ["debug"],
        ]
        let seen = control.send(offer)
        #expect(seen.contains { $0.hasPrefix("[1]: offer: received: {") && $0.contains("\"call-id\":\"1\"") })
        #expect(seen.contains("[1]: offer: received: m=audio 4000 RTP/AVP 8"))
        for start in ["k=", "a=crypto:", "a=CRYPTO:", "a=Key-Mgmt:", "a=ice-pwd:"] {
            #expect(seen.contains("[1]: offer: received: \(start)…"))
        }
        #expect(!seen.contains { $0.contains("secret") })
        #expect(seen.contains { $0.hasPrefix("[1]: offer: answered: m=audio ") })
        #expect(seen.contains { $0.hasPrefix("[1]: offer: answered: {") && $0.hasSuffix("\"result\":\"ok\"}") })

        #expect(!control.send(["command": "query", "call-id": "1"]).isEmpty)
        #expect(control.send(["command": "query", "call-id": "2"]).count == 1, "only that it failed")
        traced.set("1", false)
        #expect(control.send(["command": "query", "call-id": "1"]).isEmpty)
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
