import CRelayKernel
import Testing
import WireFormat

@testable import RelayCore
@testable import RelayKernel

extension KernelTests {
    /// What the program makes of a source's sequence numbers is what user space makes of them.
    @Suite("The program's counts of a source")
    struct SequenceTests {
        private func withBench(_ body: (ProgramTests.Bench) throws -> Void) throws {
            let network = try TestNetwork("kt-sequence")
            defer { network.remove() }
            let bench = try ProgramTests.Bench(network)
            try bench.install()
            try body(bench)
        }

        private func send(_ fields: RTPFields, _ bench: ProgramTests.Bench, _ attachment: ProgramTests.Attachment)
            throws
        {
            var payload = TestFrame.rtp(
                sequence: fields.sequenceNumber, timestamp: fields.timestamp, ssrc: fields.ssrc)
            payload[1] = payload[1] & 0x80 | fields.payloadType
            let outcome = try bench.run(ProgramTests.frame(payload: payload).octets, attachment)
            #expect(ProgramTests.sent[attachment]?.contains(outcome.verdict) == true)
        }

        private func counted(_ bench: ProgramTests.Bench) -> relay_counters {
            CellPool(bench.table.places, used: []).read(0)
        }

        /// Sends the same to both, and compares after each packet.
        private func compare(_ packets: [RTPFields], _ attachment: ProgramTests.Attachment) throws {
            try withBench { bench in
                var quality = StreamQuality()
                for (index, packet) in packets.enumerated() {
                    _ = quality.received(packet, clockRate: 8000, at: SystemClock.monotonic)
                    try send(packet, bench, attachment)
                    let counted = counted(bench)
                    let reception = RTPReception(counted)
                    var faults = StreamQuality.Faults()
                    (faults.lost, faults.duplicates) = (reception.lost, reception.duplicates)
                    (faults.reordered, faults.gaps) = (reception.reordered, reception.gaps)
                    faults.restarts = reception.restarts
                    #expect(faults == quality.faults, "packet \(index) of \(packets.map(\.sequenceNumber))")
                    #expect(reception.ssrc == quality.ssrc)
                    #expect(reception.highestSequence == quality.highestSequence, "packet \(index)")
                    #expect(reception.lastTimestamp == quality.lastTimestamp, "packet \(index)")
                    #expect(counted.rtp_packets == index + 1)
                    #expect(counted.rtp_bytes == UInt64((index + 1) * TestFrame.rtp().count))
                }
            }
        }

        private static func packets(_ sequence: [UInt16], ssrc: UInt32 = 7) -> [RTPFields] {
            sequence.map { RTPFields(ssrc: ssrc, timestamp: UInt32($0) &* 160, sequenceNumber: $0, payloadType: 8) }
        }

        @Test(
            "gaps, late packets, duplicates, jumps and new sources are counted as in user space",
            arguments: ProgramTests.Attachment.allCases)
        func same(_ attachment: ProgramTests.Attachment) throws {
            for sequence: [UInt16] in [
                [65_534, 65_535, 2, 1, 1, 2, 3, 0, 4],
                // A jump that is one packet's mistake, one that is not, and one back.
                [10, 11, 9000, 12, 13, 20_000, 20_001, 20_002, 20_000, 100, 101],
                // The widest gap, one that pushes all out of what is remembered, and what comes too late for it.
                [1, 3000, 3001, 3070, 3007, 3006, 3071], [100, 163, 100, 99, 37],
            ] {
                try compare(Self.packets(sequence), attachment)
            }
            try compare(
                Self.packets([5, 8]) + Self.packets([4, 6, 5], ssrc: 9) + Self.packets([9], ssrc: 0)
                    + Self.packets([9, 12]), attachment)
        }

        @Test("as are a thousand packets of a network that does all of that", arguments: [UInt64(1), 2])
        func sameAtRandom(_ seed: UInt64) throws {
            var state = seed
            func random(_ limit: UInt64) -> UInt64 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return (state >> 33) % limit
            }
            var next: UInt16 = 65_000
            var sequence: [UInt16] = []
            for _ in 0..<1000 {
                switch random(20) {
                case 0: next &+= UInt16(random(70))
                case 1: next &+= 4000
                case 2: sequence.append(next &- UInt16(random(80)))
                case 3: sequence.append(sequence.last ?? next)
                default: break
                }
                sequence.append(next)
                next &+= 1
            }
            try compare(Self.packets(sequence), .tc)
        }

        @Test("what has gone another way meanwhile is no loss", arguments: ProgramTests.Attachment.allCases)
        func elsewhere(_ attachment: ProgramTests.Attachment) throws {
            try withBench { bench in
                for packet in Self.packets([1, 2]) { try send(packet, bench, attachment) }
                CellPool(bench.table.places, used: []).change(0) { $0.state |= UInt8(RELAY_SOURCE_ELSEWHERE.rawValue) }
                for packet in Self.packets([50, 51]) { try send(packet, bench, attachment) }
                #expect(counted(bench).lost == 0 && counted(bench).gaps == 0 && counted(bench).restarts == 0)
                try send(Self.packets([53])[0], bench, attachment)
                #expect(counted(bench).lost == 1 && counted(bench).gaps == 1, "from then on it counts again")
            }
        }

        @Test("jitter grows with spacing, and packets that share a timestamp or change the codec say nothing")
        func jitter() throws {
            try withBench { bench in
                var ssrc: UInt32 = 6
                /// Sends packets of a new source; the jitter before the last two, and after each of them.
                func jitter() throws -> [UInt32] {
                    ssrc += 1
                    func send(_ number: UInt16, timestamp: UInt32, _ payloadType: UInt8 = 8) throws -> UInt32 {
                        let packet = RTPFields(
                            ssrc: ssrc, timestamp: timestamp, sequenceNumber: number, payloadType: payloadType)
                        try self.send(packet, bench, .tc)
                        return UInt32(counted(bench).jitter)
                    }
                    for number in 1...5 as ClosedRange<UInt16> { _ = try send(number, timestamp: 160) }
                    return [
                        try send(6, timestamp: 99_000, 101), try send(7, timestamp: 99_800, 101),
                        try send(8, timestamp: 1_000_000, 101),
                    ]
                }
                // They have to follow each other at once; on a busy machine they do not each time.
                var (jitters, elapsed) = ([] as [UInt32], Duration.zero)
                for _ in 0..<1000 {
                    elapsed = try ContinuousClock().measure { jitters = try jitter() }
                    if elapsed < .milliseconds(15) { break }
                }
                #expect(elapsed < .milliseconds(15))
                #expect(jitters[0] == 0)
                // A tenth of a second of sound, a moment later: 800 units, of which a sixteenth counts.
                #expect(40...50 ~= jitters[1] >> 4)
                // However far apart, a second is the most.
                #expect(520...550 ~= jitters[2] >> 4)
            }
        }

        @Test("what is shown of a source is what both planes have counted of it")
        func sums() throws {
            var counters = StreamCounters()
            (counters.ssrc, counters.packets, counters.otherPackets) = (7, 100, 10)
            var quality = SourceQuality()
            (quality.lost, quality.duplicates, quality.reordered) = (1, 2, 3)
            (quality.gaps, quality.restarts) = (4, 5)
            counters.quality = quality
            for (ssrc, factor) in [(7, 1), (8, 0)] as [(UInt32, UInt16)] {
                counters.reception = RTPReception(
                    ssrc: ssrc, received: 50, lost: 10, duplicates: 20, reordered: 30, gaps: 40, restarts: 50,
                    highestSequence: 60, jitter: 0, lastTimestamp: 0)
                let shown = try #require(counters.settledQuality(clockRate: 8000, clock: (0, 1)))
                #expect(shown.lost == 1 + Int32(factor) * 10 && shown.duplicates == 2 + factor * 20)
                #expect(shown.reordered == 3 + factor * 30 && shown.gaps == 4 + factor * 40)
                #expect(shown.restarts == 5 + factor * 50)
                #expect(StreamReading(port: 1, counters)?.packets == 88 - UInt64(factor) * 20)
            }
        }
    }
}
