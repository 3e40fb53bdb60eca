import Dispatch
import RelayCore
import RelayOperations
import Synchronization
import Testing
import WireFormat

@Suite("Records of calls that are over")
struct RecordTests {
    /// Keeps what it is told.
    private final class Ends: CallEndObserver {
        let all = Mutex<[CallRecord]>([])
        var wantsReports: Bool { true }

        func callEnded(_ report: CallReport, reason: TerminationReason) {
            // 2.5 s and a bit after the call began.
            let record = CallRecord(report: report, reason: reason, end: report.created + 2_500_001)
            all.withLock { $0.append(record) }
        }
    }

    private static func sdp(_ port: Int) -> [UInt8] {
        Array(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio \(port) RTP/AVP 8\r\n"
                .utf8)
    }

    /// One call, ended by an operator; ports and times in its record are replaced by letters.
    private static func record() throws -> CallRecord {
        let relay = try Relay(
            Relay.Configuration(interfaces: [MediaInterface(local: IPAddress(ipv4: 0x7F00_0001))]),
            runsHousekeeping: false)
        defer { relay.stop() }
        let ends = Ends()
        relay.reportEnds(to: ends)
        var offer = Offer(callID: "a\nb", fromTag: "f", sdp: Self.sdp(4000))
        offer.controller = TransportAddress("192.0.2.1:5000")
        _ = try relay.offer(offer)
        _ = try relay.answer(Answer(callID: "a\nb", fromTag: "f", toTag: "t", sdp: Self.sdp(5000)))
        relay.terminate(callID: "a\nb")
        #expect(relay.callTotals.ended == 1)
        #expect(relay.callTotals.withoutPackets == 1)
        return try #require(ends.all.withLock { $0.first })
    }

    private static func masked(_ text: String) -> String {
        text.replacing(#/17[0-9]{8}\.[0-9]{6}/#, with: "TIME").replacing(#/17[0-9]{8}/#, with: "TIME")
            .replacing(#/relay_port=[0-9]+/#, with: "relay_port=P").replacing(#/127\.0\.0\.1:3[0-9]{4}/#, with: "PORT")
            .replacing(#/duration=2\.[0-9]{6}/#, with: "duration=2.5")
    }

    @Test("a call detail record is the line that rtpengine writes")
    func line() throws {
        func side(_ number: Int, _ local: String, _ type: String, _ remote: String, _ port: Int) -> String {
            func stream(_ kind: String, _ port: Int) -> String {
                let prefix = "ml\(number)_midx1_\(kind)"
                return "\(prefix)_endpoint_ip=127.0.0.1, \(prefix)_endpoint_port=\(port), "
                    + "\(prefix)_local_relay_ip=127.0.0.1, \(prefix)_local_relay_port=P, \(prefix)_relayed_packets=0, "
                    + "\(prefix)_relayed_bytes=0, \(prefix)_relayed_errors=0, \(prefix)_last_packet=TIME, "
                    + "\(prefix)_in_tos_tclass=0, "
            }
            return "ml\(number)_start_time=TIME, ml\(number)_end_time=TIME, ml\(number)_duration=2.5, "
                + "ml\(number)_termination=FORCED, ml\(number)_local_tag=\(local), ml\(number)_local_tag_type=\(type), "
                + "ml\(number)_remote_tag=\(remote), payload_type=unknown, " + stream("rtp", port)
                + stream("rtcp", port + 1)
        }
        let expected =
            "ci=a?b, created_from=192.0.2.1:5000, last_signal=TIME, tos=0, " + side(0, "f", "FROM_TAG", "t", 4000)
            + side(1, "t", "TO_TAG", "f", 5000)
        #expect(Self.masked(try Self.record().line) == expected)
    }

    @Test("the final statistics are those that rtpengine logs")
    func statistics() throws {
        let lines = try Self.record().statistics.map(Self.masked)
        #expect(
            lines == [
                "Final packet stats:", "--- Tag 'f', created 0:02 ago for branch ''", "---     subscribed to 't'",
                "---     subscription for 't'", "------ Media #1 (audio over RTP/AVP) using PCMA/8000",
                "--------- Port       PORT <>       127.0.0.1:4000 , SSRC 0, 0 p, 0 b, 0 e, TIME ts",
                "--------- Port       PORT <>       127.0.0.1:4001  (RTCP), SSRC 0, 0 p, 0 b, 0 e, TIME ts",
                "--- Tag 't', created 0:02 ago for branch ''", "---     subscribed to 'f'",
                "---     subscription for 'f'", "------ Media #1 (audio over RTP/AVP) using PCMA/8000",
                "--------- Port       PORT <>       127.0.0.1:5000 , SSRC 0, 0 p, 0 b, 0 e, TIME ts",
                "--------- Port       PORT <>       127.0.0.1:5001  (RTCP), SSRC 0, 0 p, 0 b, 0 e, TIME ts",
            ])
    }

    @Test("a log that is stuck loses records and counts them, and holds nobody up")
    func stuckLog() throws {
        let record = try Self.record()
        let (stuck, written) = (Gate(), Gate())
        let told = Mutex<UInt64>(0)
        let writer = try RecordWriter(
            isWanted: { true },
            write: { _ in
                stuck.wait()
                written.count()
            }, tellLoss: { lost in told.withLock { $0 += lost } })
        for _ in 0..<20_010 { writer.callEnded(record.report, reason: record.reason) }
        var metrics = MetricWriter()
        writer.collect(into: &metrics)
        let dropped = try #require(metrics.families.first { $0.name == "relay_records_dropped_total" }?.samples.first)
        guard case .integer(let count) = dropped.value else { return }
        #expect(count >= 10)
        stuck.open()
        writer.stop()
        #expect(written.total + Int(count) == 20_010)
        #expect(told.withLock { $0 } == UInt64(count), "whoever reads the log knows")
    }

    /// Holds a thread up until it is opened; counts.
    private final class Gate: Sendable {
        private let isOpen = DispatchSemaphore(value: 0)
        private let counted = Mutex(0)

        func wait() {
            isOpen.wait()
            isOpen.signal()
        }

        func open() { isOpen.signal() }
        func count() { counted.withLock { $0 += 1 } }
        var total: Int { counted.withLock { $0 } }
    }
}
