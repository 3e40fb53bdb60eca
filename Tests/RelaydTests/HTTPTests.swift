import Foundation
import RelayTestSupport
import Testing
import WireFormat

/// HTTP and WebSocket, octet by octet, so that no HTTP library can prove itself right.
@Suite("HTTP and WebSocket", .serialized, .enabled(if: RelayProcess.isOurOwn, "texts of our own relay"))
struct HTTPTests {
    private static func start(
        _ run: TestRun, on network: LoopbackNetwork, others: [String] = []
    ) async throws -> (RelayProcess, TransportAddress) {
        let http = TransportAddress(network.host(1), port: network.ports.lowerBound + 1)
        let options = RelayProcess.Options(on: network, others: ["--listen-http=\(http)"] + others)
        return (try await RelayProcess.start(options, in: run), http)
    }

    private static func start(_ run: TestRun, others: [String] = []) async throws -> TransportAddress {
        try await start(run, on: LoopbackNetwork(portCount: 60), others: others).1
    }

    /// One request on a connection of its own; the whole answer.
    private static func ask(
        _ address: TransportAddress, _ request: String, _ headers: [String] = [], body: String? = nil
    ) async throws -> String {
        let connection = try await TextConnection.open(address)
        let length = body.map { ["Content-Length: \($0.utf8.count)"] } ?? []
        let head = ["\(request) HTTP/1.1", "Host: \(address)", "Connection: close"] + headers + length
        try await connection.send(head.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
        return try await connection.everything()
    }

    private static let ping = "d7:command4:pinge"

    @Test("ping, metrics, NG with and without cookies, the console", .timeLimit(.minutes(10)))
    func requests() async throws {
        try await withTestRun("http-requests") { run in
            let http = try await Self.start(run, others: ["--software-id=our-relay"])
            let pong = try await Self.ask(http, "GET /ping")
            #expect(pong.hasPrefix("HTTP/1.1 200 OK\r\nServer: our-relay\r\nContent-Type: text/plain\r\n"))
            #expect(pong.hasSuffix("\r\n\r\npong\n"))

            let ng = ["Content-Type: application/x-rtpengine-ng"]
            let reply = try await Self.ask(http, "POST /ng", ng, body: "5_1 \(Self.ping)")
            #expect(reply.contains("Content-Type: application/x-rtpengine-ng\r\n"))
            #expect(reply.hasSuffix("\r\n\r\n5_1 d6:result4:ponge"))
            let plain = try await Self.ask(
                http, "POST /ng-plain", ["Content-Type: application/json"], body: #"{"command":"ping"}"#)
            #expect(plain.contains("Content-Type: application/json\r\n"))
            #expect(plain.hasSuffix("\r\n\r\n{\"result\":\"pong\"}"))
            #expect(try await Self.ask(http, "POST /ng", ng, body: "nocookie").hasPrefix("HTTP/1.1 600 "))

            let metrics = try await Self.ask(http, "GET /metrics")
            #expect(metrics.contains("\nrtpengine_sessions{type=\"own\"} 0\n"))
            #expect(metrics.contains(#/\nrtpengine_requests_total{proxy="127[0-9.]+",request="ping"} [2-9]\n/#))
            #expect(try await Self.ask(http, "GET /cli/list+timeout").hasSuffix("\r\n\r\nTIMEOUT=60\n"))
            #expect(try await Self.ask(http, "GET /cli/list%20timeout").hasSuffix("\r\n\r\nTIMEOUT=60\n"))
            let posted = try await Self.ask(http, "POST /cli", ["Content-Type: text/plain"], body: "list timeout")
            #expect(posted.hasSuffix("\r\n\r\nTIMEOUT=60\n"))
            #expect(metrics.contains("\nrelay_control_unsent_replies_total 0\n"))

            // A page may have shown this to a browser as a picture: there is no Origin.
            let browser = ["User-Agent: Mozilla/5.0 (X11)"]
            for path in ["/cli/set+timeout+5", "/cli/%20set+timeout+5", "/cli/--json+set+timeout+5", "/cli/active"] {
                #expect(try await Self.ask(http, "GET \(path)", browser).hasPrefix("HTTP/1.1 403 "), "\(path)")
            }
            #expect(try await Self.ask(http, "GET /cli/list+timeout", browser).hasSuffix("\r\n\r\nTIMEOUT=60\n"))
            let other = ["User-Agent: curl/7.88.1"]
            #expect(try await Self.ask(http, "GET /cli/set+timeout+61", other).hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("ready, with the conditions; not ready when the calls of the group cannot be read", .timeLimit(.minutes(10)))
    func ready() async throws {
        try await withTestRun("http-ready") { run in
            let http = try await Self.start(run)
            let yes = try await eventually("it is ready") {
                let answer = try await Self.ask(http, "GET /ready")
                return answer.hasPrefix("HTTP/1.1 200 ") ? answer : nil
            }
            #expect(
                yes.hasSuffix(
                    "\r\n\r\nready\nin step: yes (calls are not shared)\nanswering: yes (commands are answered, media threads run)\n"
                        + "open: yes (it takes new calls)\n"), "\(yes)")
            #expect(try await Self.ask(http, "POST /ready").hasPrefix("HTTP/1.1 405 "))
        }
        try await withTestRun("http-not-ready") { run in
            // Nobody listens at port 1.
            let http = try await Self.start(run, others: ["--redis=127.0.0.1:1/1", "--no-redis-required"])
            let no = try await eventually("only Redis is missing") {
                let answer = try await Self.ask(http, "GET /ready")
                return answer.contains("answering: yes") ? answer : nil
            }
            #expect(no.hasPrefix("HTTP/1.1 503 "))
            #expect(
                no.contains("\r\n\r\nnot ready\nrestored: no (calls of the group have not been read yet)\n"), "\(no)")
            #expect(no.contains("\nin step: no (the store does not answer)\n"), "\(no)")
        }
    }

    @Test("a drill without a backup names the calls that would be lost, and why", .timeLimit(.minutes(10)))
    func drill() async throws {
        try await withTestRun("http-drill") { run in
            let http = try await Self.start(run, others: ["--announce=exec:true"])
            let served = try await eventually("its address is served") {
                let answer = try await Self.ask(http, "GET /cli/routes")
                return answer.firstMatch(of: #/(?m)^([0-9.]+) home: serving/#).map { String($0.1) }
            }
            let sdp =
                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
            let offer = "d7:command5:offer7:call-id3:one8:from-tag1:f3:sdp\(sdp.utf8.count):\(sdp)e"
            let ng = ["Content-Type: application/x-rtpengine-ng"]
            #expect(try await Self.ask(http, "POST /ng", ng, body: "c \(offer)").contains("result2:ok"))
            let report = try await Self.ask(http, "GET /cli/drill+\(served)+1")
            #expect(report.contains("\r\n\r\n\(served): 1 calls, lent for 1 s\n"), "\(report)")
            #expect(
                report.hasSuffix(
                    "\n0 calls would survive the death of this relay, 1 would not\n  one: calls are not shared: no --redis\n"
                ),
                "\(report)")
            #expect(
                try await Self.ask(http, "GET /cli/drill+127.0.0.255+1").contains("is not served as a home address"))
        }
    }

    @Test("packets are counted to the last one, also when their call is over", .timeLimit(.minutes(10)))
    func totals() async throws {
        try await withTestRun("http-totals") { run in
            let network = try LoopbackNetwork(portCount: 60)
            let (relay, http) = try await Self.start(run, on: network)
            let first = network.ports.lowerBound
            let phone = try await UDPEndpoint(at: TransportAddress(network.host(2), port: first + 2))
            defer { phone.close() }
            let sdp =
                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 \(network.host(2))\r\nt=0 0\r\n"
                + "m=audio \(first + 2) RTP/AVP 8\r\n"
            let parts = "7:call-id1:c8:from-tag1:f6:to-tag1:t3:sdp\(sdp.utf8.count):\(sdp)e"
            _ = try await relay.client.send("d7:command5:offer" + parts)
            let answer = try await relay.client.send("d7:command6:answer" + parts)
            let port = try #require(answer.firstMatch(of: #/m=audio ([0-9]+)/#).flatMap { UInt16($0.1) })
            let packet: [UInt8] = [0x80, 8, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4] + [UInt8](repeating: 0xD5, count: 160)
            let target = TransportAddress(network.host(1), port: port)
            for _ in 0..<100 { try await phone.send(packet, to: target) }
            _ = try await eventually("all packets are counted") {
                try await relay.client.send("d7:command5:query7:call-id1:ce").contains("7:packetsi100e") ? true : nil
            }
            let deleted = try await relay.client.send("d7:command6:delete7:call-id1:ce")
            #expect(deleted.hasPrefix("d7:createdi"), "\(deleted)")
            let metrics = try await Self.ask(http, "GET /metrics")
            for line in [
                "rtpengine_packets_total{type=\"userspace\"} 100", "rtpengine_bytes_total{type=\"userspace\"} 17200",
                "rtpengine_sessions_total 1", "rtpengine_closed_sessions_total{reason=\"terminated\"} 1",
                "rtpengine_one_way_sessions_total 1", "rtpengine_sessions{type=\"own\"} 0",
            ] {
                #expect(metrics.contains("\n\(line)\n"), "\(line)")
            }
        }
    }

    @Test("what is wrong is refused, and what is too much is cut off", .timeLimit(.minutes(10)))
    func refusals() async throws {
        try await withTestRun("http-refusals") { run in
            let http = try await Self.start(run)
            #expect(try await Self.ask(http, "GET /nowhere").hasPrefix("HTTP/1.1 404 "))
            #expect(try await Self.ask(http, "GET /ng").hasPrefix("HTTP/1.1 405 "))
            // A page from elsewhere, in an operator's browser.
            let foreign = ["Content-Type: text/plain", "Origin: http://example.org"]
            #expect(try await Self.ask(http, "POST /cli", foreign, body: "terminate all").hasPrefix("HTTP/1.1 403 "))
            let own = ["Content-Type: text/plain", "Origin: http://\(http)"]
            #expect(try await Self.ask(http, "POST /cli", own, body: "ping").hasPrefix("HTTP/1.1 200 "))
            let large = String(repeating: "x", count: 1 << 18)
            #expect(try await Self.ask(http, "POST /ng", body: large).hasPrefix("HTTP/1.1 413 "))
            #expect(try await Self.ask(http, "not http at all").contains("400"))
        }
        try await withTestRun("http-idle") { run in
            // A request that never ends is cut off when nothing more comes.
            let http = try await Self.start(run, others: ["--http-idle-timeout=1"])
            let slow = try await TextConnection.open(http)
            try await slow.send("POST /ng HTTP/1.1\r\n")
            #expect(try await slow.everything() == "")
        }
    }

    @Test("a body in many pieces that is too large is refused once", .timeLimit(.minutes(10)))
    func tooManyChunks() async throws {
        try await withTestRun("http-too-many-chunks") { run in
            let http = try await Self.start(run, others: ["--no-guard"])
            let connection = try await TextConnection.open(http)
            let chunk = "64\r\n" + String(repeating: "x", count: 100) + "\r\n"
            try await connection.send(
                "POST /ng HTTP/1.1\r\nHost: \(http)\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + String(repeating: chunk, count: 4000))
            let answer = try await connection.everything()
            #expect(answer.components(separatedBy: "HTTP/1.1 413 ").count == 2, "\(answer)")
            #expect(try await Self.ask(http, "GET /ping").hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("WebSocket: NG as Kamailio speaks it, and the other subprotocols", .timeLimit(.minutes(10)))
    func webSocket() async throws {
        try await withTestRun("http-websocket") { run in
            let http = try await Self.start(run)
            let ng = try await Self.upgrade(http, to: "ng.rtpengine.com")
            try await ng.send(Self.frame(text: "5_1 \(Self.ping)"))
            // Not masked, final, text, 20 octets.
            _ = try await ng.until("ponge")
            #expect(ng.received.suffix(22) == [0x81, 20] + Array("5_1 d6:result4:ponge".utf8))
            // A large message in two fragments.
            let offer = "5_2 d7:command4:ping1:x300:" + String(repeating: "x", count: 300) + "e"
            try await ng.send(Self.frame(text: String(offer.prefix(100)), isFinal: false))
            try await ng.send(Self.frame(text: String(offer.dropFirst(100)), opcode: 0))
            #expect(try await ng.until("5_2 d6:result4:ponge").isEmpty == false)

            let plain = try await Self.upgrade(http, to: "ng-plain.rtpengine.com")
            try await plain.send(Self.frame(text: #"{"command":"ping"}"#))
            _ = try await plain.until("{\"result\":\"pong\"}")
            let console = try await Self.upgrade(http, to: "cli.rtpengine.com")
            try await console.send(Self.frame(text: "list timeout"))
            _ = try await console.until("TIMEOUT=60\n")
            let unknown = try await Self.ask(
                http, "GET /", Self.upgradeHeaders("nothing.example.org"))
            #expect(unknown.hasPrefix("HTTP/1.1 4") || unknown.isEmpty, "\(unknown)")
            let foreign = Self.upgradeHeaders("ng.rtpengine.com") + ["Origin: http://example.org"]
            #expect(try await Self.ask(http, "GET /", foreign).contains("101 Switching") == false)
        }
        try await withTestRun("http-websocket-idle") { run in
            // Silent for a second: the relay asks whether we are there, and goes when we do not say so.
            let http = try await Self.start(run, others: ["--http-idle-timeout=1"])
            let ng = try await Self.upgrade(http, to: "ng.rtpengine.com")
            _ = try await ng.everything()
            #expect(ng.received.suffix(2) == [0x89, 0])
        }
    }

    private static func upgradeHeaders(_ subprotocol: String) -> [String] {
        [
            "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: \(subprotocol)",
        ]
    }

    private static func upgrade(_ address: TransportAddress, to subprotocol: String) async throws -> TextConnection {
        let connection = try await TextConnection.open(address)
        let head = ["GET / HTTP/1.1", "Host: \(address)"] + upgradeHeaders(subprotocol)
        try await connection.send(head.joined(separator: "\r\n") + "\r\n\r\n")
        let answer = try await connection.until("\r\n\r\n").lowercased()
        #expect(answer.hasPrefix("http/1.1 101 "), "\(answer)")
        #expect(answer.contains("sec-websocket-protocol: \(subprotocol)\r\n"), "\(answer)")
        // RFC 6455 §1.3: the answer to that very key.
        #expect(answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "\(answer)")
        return connection
    }

    /// A frame from a client: masked (RFC 6455 §5.2).
    private static func frame(text: String, opcode: UInt8 = 1, isFinal: Bool = true) -> [UInt8] {
        let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        let payload = Array(text.utf8)
        var frame: [UInt8] = [(isFinal ? 0x80 : 0) | opcode]
        if payload.count < 126 {
            frame.append(0x80 | UInt8(payload.count))
        } else {
            frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        }
        return frame + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
    }
}
