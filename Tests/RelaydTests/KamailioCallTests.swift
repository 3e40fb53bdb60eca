import RelayTestSupport
import Testing
import WireFormat

/// The relay's job as a whole, with real parts: Kamailio's rtpengine module asks for ports, SIPp calls SIPp.
@Suite(
    "Calls through Kamailio", .serialized,
    .enabled(if: Executables.missing(KamailioCalls.programs).isEmpty, "needs kamailio and sip-tester: see scripts/test")
)
struct KamailioCallTests {
    /// Calls at once.
    private static let count = 20
    /// Expedited forwarding (RFC 3246), as telephone networks mark speech.
    private static let tos: UInt8 = 46 << 2
    /// G.711 A-law from Debian's sip-tester, 236 packets of 30 ms. Every party plays it.
    private static let recording = Result {
        try CaptureFile.datagrams(in: "/usr/share/sip-tester/g711a.pcap").map(\.payload)
    }

    /// Waits until the relay holds what it held before: the media threads let ports go a moment after the last command.
    private static func lets(_ relay: RelayProcess, go before: RelayProcess.Holdings) async throws {
        _ = try? await eventually("nothing stays behind", every: .milliseconds(20)) {
            try await relay.holdings() == before ? true : nil
        }
        let after = try await relay.holdings()
        #expect(after == before)
    }

    @Test(
        "20 calls at once, watched on the wire: every packet arrives, marked, and nothing stays behind",
        .enabled(if: PacketCapture.isAllowed, "takes raw sockets: run Tests/EndToEnd/run, or as root"),
        .enabled(if: Executables.missing(["tcpdump"]).isEmpty, "needs tcpdump: see scripts/test"),
        .timeLimit(.minutes(10)))
    func callsOnTheWire() async throws {
        try await withTestRun("calls-on-the-wire") { run in
            let recording = try Self.recording.get()
            let calls = try KamailioCalls(Self.count, .talk, in: run)
            let capture = try await PacketCapture.start(calls.captureFilter, in: run)
            let relay = try await calls.startRelay(tos: Self.tos)
            try await calls.startKamailio()
            let before = try await relay.holdings()

            try await calls.startCalls().finish()

            try await Self.lets(relay, go: before)
            let last = NGClient.newCookie()
            let after = try await relay.holdings(cookie: last)
            #expect(after == before)
            let report = calls.report(try await capture.stop(after: last), from: relay)
            #expect(report.callsAtOnce == Self.count)
            #expect(report.directions.count == 2 * Self.count)
            #expect(report.wrongStreams(playing: recording) == [])
            #expect(report.marks == [Self.tos: 2 * Self.count * recording.count])
        }
    }

    /// The same without any privilege: the media ports are ours, so we see what arrives, but not how it is marked.
    @Test(
        "20 calls at once, media from ordinary sockets: every packet arrives and nothing stays behind",
        .timeLimit(.minutes(10)))
    func callsFromSockets() async throws {
        try await withTestRun("calls-from-sockets") { run in
            let recording = try Self.recording.get()
            let calls = try KamailioCalls(Self.count, .hold, in: run)
            let relay = try await calls.startRelay(tos: Self.tos)
            try await calls.startKamailio()
            let before = try await relay.holdings()
            var endpoints: [TransportAddress: UDPEndpoint] = [:]
            for port in calls.mediaPorts { endpoints[port] = try await UDPEndpoint(at: port) }
            defer { for endpoint in endpoints.values { endpoint.close() } }

            let parties = try await calls.startCalls()
            let directions = try await eventually("all calls are up", every: .milliseconds(50)) {
                let report = calls.report(calls.loggedMessages, from: relay)
                let areUp = report.callsAtOnce == Self.count && report.directions.count == 2 * Self.count
                return areUp ? report.directions : nil
            }
            for flow in directions.map(\.sent) {
                try endpoints[flow.source]?.play(recording, to: flow.destination, every: .milliseconds(10))
            }
            // When something is lost, the report will tell what.
            _ = try? await eventually("all packets arrive") {
                endpoints.values.allSatisfy { $0.receivedCount == recording.count } ? true : nil
            }
            try await calls.hangUp()
            try await parties.finish()

            try await Self.lets(relay, go: before)
            let report = calls.report(calls.loggedMessages + endpoints.values.flatMap(\.datagrams), from: relay)
            #expect(report.directions.count == 2 * Self.count)
            #expect(report.wrongStreams(playing: recording) == [])
        }
    }

    @Test("20 calls at once, given up while they ring: nothing stays behind", .timeLimit(.minutes(10)))
    func cancelledCalls() async throws {
        try await withTestRun("cancelled-calls") { run in
            let calls = try KamailioCalls(Self.count, .cancel, in: run)
            let relay = try await calls.startRelay(tos: Self.tos)
            try await calls.startKamailio()
            let before = try await relay.holdings()

            try await calls.startCalls().finish()

            let offers = calls.loggedMessages.filter { $0.destination == calls.callee }
                .compactMap { SIPMessage($0.payload)?.media?.address }
            #expect(offers == Array(repeating: relay.options.media, count: Self.count), "the relay was not asked")
            try await Self.lets(relay, go: before)
        }
    }

    @Test("Kamailio's $rtpstat and its MOS variables fill from what the ends report in RTCP", .timeLimit(.minutes(10)))
    func quality() async throws {
        try await withTestRun("call-quality") { run in
            let recording = try Self.recording.get()
            let calls = try KamailioCalls(1, .hold, in: run)
            let relay = try await calls.startRelay(tos: Self.tos)
            let kamailio = try await calls.startKamailio(["QUALITY"])
            var endpoints: [TransportAddress: UDPEndpoint] = [:]
            for port in calls.mediaPorts {
                endpoints[port] = try await UDPEndpoint(at: port)
                endpoints[port.with(port: port.port + 1)] = try await UDPEndpoint(at: port.with(port: port.port + 1))
            }
            defer { for endpoint in endpoints.values { endpoint.close() } }

            let parties = try await calls.startCalls()
            let flows = try await eventually("the call is up", every: .milliseconds(50)) {
                let report = calls.report(calls.loggedMessages, from: relay)
                return report.directions.count == 2 ? report.directions.map(\.sent) : nil
            }
            for flow in flows { try await endpoints[flow.source]?.send(recording[0], to: flow.destination) }
            _ = try await eventually("both hear each other") {
                calls.mediaPorts.allSatisfy { (endpoints[$0]?.receivedCount ?? 0) > 0 } ? true : nil
            }
            // RFC 3550 §6.4.2: a quarter of the packets lost, 80 units of jitter, which are 10 ms.
            let source = Array(recording[0][8..<12])
            let report =
                [0x81, 201, 0, 7, 0, 0, 0, 9] + source + [64, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 80]
                + [UInt8](repeating: 0, count: 8)
            for flow in flows {
                let own = flow.source.with(port: flow.source.port + 1)
                try await endpoints[own]?.send(report, to: flow.destination.with(port: flow.destination.port + 1))
            }
            _ = try await eventually("both get the report") {
                calls.mediaPorts.allSatisfy { (endpoints[$0.with(port: $0.port + 1)]?.receivedCount ?? 0) > 0 }
                    ? true : nil
            }
            try await calls.hangUp()
            try await parties.finish()

            #expect(kamailio.log.contains("quality: mos=1.6 loss=25 jitter=10 samples=1"))
            #expect(kamailio.log.contains("traffic: RTP: \(2 * recording[0].count) bytes, 2 packets, 0 errors"))
            #expect(kamailio.log.contains("RTCP: 64 bytes, 2 packets, 0 errors"))
        }
    }
}
