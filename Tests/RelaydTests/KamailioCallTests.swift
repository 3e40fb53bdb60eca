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

    @Test(
        "20 calls at once, watched on the wire: every packet arrives, marked, and nothing stays behind",
        .enabled(if: PacketCapture.isAllowed, "takes raw sockets: run Tests/EndToEnd/run, or as root"),
        .enabled(if: Executables.missing(["tcpdump"]).isEmpty, "needs tcpdump: see scripts/test"),
        .timeLimit(.minutes(2)))
    func callsOnTheWire() async throws {
        try await withTestRun("calls-on-the-wire") { run in
            let recording = try Self.recording.get()
            let calls = try KamailioCalls(Self.count, .talk, in: run)
            let capture = try await PacketCapture.start(calls.captureFilter, in: run)
            let relay = try await calls.startRelay(tos: Self.tos)
            try await calls.startKamailio()
            let before = try await relay.holdings()

            try await calls.startCalls().finish()

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
        .timeLimit(.minutes(2)))
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

            // The media threads let their ports go a moment after the last command.
            _ = try? await eventually("nothing stays behind", within: .seconds(2)) {
                try await relay.holdings() == before ? true : nil
            }
            let after = try await relay.holdings()
            #expect(after == before)
            let report = calls.report(calls.loggedMessages + endpoints.values.flatMap(\.datagrams), from: relay)
            #expect(report.directions.count == 2 * Self.count)
            #expect(report.wrongStreams(playing: recording) == [])
        }
    }

    @Test("20 calls at once, given up while they ring: nothing stays behind", .timeLimit(.minutes(1)))
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
            let after = try await relay.holdings()
            #expect(after == before)
        }
    }
}
