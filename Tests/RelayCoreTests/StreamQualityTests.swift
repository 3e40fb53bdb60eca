import RelayCore
import Testing

@Suite("Quality of a source, from its packets and from what the other end reports")
struct StreamQualityTests {
    private static let millisecond: UInt64 = 1_000_000
    private static let second: UInt64 = 1_000_000_000

    /// A source of G.711 packets, one each 20 ms, that a test can disturb.
    private struct Source {
        var quality = StreamQuality()
        var now: UInt64 = 10 * StreamQualityTests.second
        var sequence: UInt16 = 65_500  // wraps early
        var timestamp: UInt32 = 0
        var ssrc: UInt32 = 7

        @discardableResult
        mutating func send(_ count: Int = 1, late: UInt64 = 0) -> Int {
            var samples = 0
            for _ in 0..<count {
                if arrive(sequence, at: now + late) { samples += 1 }
                skip(1)
            }
            return samples
        }

        /// Packets that do not arrive.
        mutating func skip(_ count: Int) {
            for _ in 0..<count {
                sequence &+= 1
                timestamp &+= 160
                now += 20 * StreamQualityTests.millisecond
            }
        }

        @discardableResult
        mutating func arrive(_ number: UInt16, at time: UInt64? = nil) -> Bool {
            quality.received(
                RTPFields(ssrc: ssrc, timestamp: timestamp, sequenceNumber: number, payloadType: 8), clockRate: 8000,
                at: time ?? now)
        }
    }

    @Test("An undisturbed stream has no faults and no jitter, also when its numbers wrap")
    func undisturbed() {
        var source = Source()
        source.send(200)
        #expect(source.quality.faults == StreamQuality.Faults())
        #expect(source.quality.jitter == 0)
        #expect(source.quality.highestSequence == 65_536 + 163)
    }

    @Test("Jitter of a codec whose clock is unknown is taken for telephony's")
    func unknownClock() {
        var source = Source()
        source.send(10)
        var block = RTCPDigest.ReportBlock()
        (block.ssrc, block.jitter) = (7, 160)
        _ = source.quality.reported(block, clockRate: 0, farLeg: 0, at: source.now)
        #expect(source.quality.summary.average?.jitter == 20)
    }

    @Test("Packets that never come are lost; one that comes late is not")
    func losses() {
        var source = Source()
        source.send(10)
        source.skip(3)
        source.send(10)
        #expect(source.quality.faults.lost == 3)
        #expect(source.quality.faults.gaps == 1)
        source.arrive(source.sequence &- 12)
        #expect(source.quality.faults.lost == 2)
        #expect(source.quality.faults.reordered == 1)
        source.arrive(source.sequence &- 12)
        #expect(source.quality.faults.lost == 2)
        #expect(source.quality.faults.duplicates == 1)
    }

    @Test("A source that starts anew with other numbers has lost nothing")
    func restart() {
        var source = Source()
        source.send(10)
        source.sequence = 30_000
        source.send(10)
        #expect(source.quality.faults.lost == 0)
        #expect(source.quality.faults.restarts == 1)
    }

    @Test("What others have forwarded for a while is not lost")
    func pause() {
        var source = Source()
        source.send(10)
        source.skip(500)
        source.send(10)
        #expect(source.quality.faults.lost == 0)
    }

    @Test("What another plane has forwarded is not lost, however short it was")
    func elsewhere() {
        var source = Source()
        source.send(10)
        source.quality.turned()
        source.skip(50)
        source.quality.turned()
        source.send(10)
        #expect(source.quality.faults.lost == 0)
        source.skip(3)
        source.send(1)
        #expect(source.quality.faults.lost == 3, "from then on it counts again")
    }

    /// What the kernel says of a source after so many packets.
    private func reception(_ received: UInt32, lost: Int32, ssrc: UInt32 = 7) -> RTPReception {
        RTPReception(
            ssrc: ssrc, received: received, lost: lost, highestSequence: 65_536 + received + UInt32(lost), jitter: 80,
            lastTimestamp: 160)
    }

    @Test("Counters of another plane give a sample every five seconds, as packets do")
    func samplesOfCounters() throws {
        var source = Source()
        source.send(5)
        source.quality.turned()
        // At the end another source was heard for a moment, and their counting has begun anew.
        for (index, step) in [(250, 0), (475, 25), (725, 25), (100, 0)].enumerated() {
            let now = source.now + UInt64(index + 1) * 5 * Self.second
            let hasSample = source.quality.observed(
                reception(UInt32(step.0), lost: Int32(step.1)), clockRate: 8000, at: now)
            #expect(hasSample)
        }
        let summary = source.quality.summary
        #expect(summary.samples == 4)
        #expect(try #require(summary.lowest).packetLoss == 10)
        #expect(try #require(summary.highest).packetLoss == 0)
        #expect(try #require(summary.highest).jitter == 10)
        #expect(source.quality.faults.lost == 0, "shown by whoever adds their counters up")
    }

    @Test("A source that only another plane has heard is known by its counters, and reports about it count")
    func knownByCounters() {
        var quality = StreamQuality()
        func hasSample(_ received: UInt32, ssrc: UInt32 = 7, at second: UInt64) -> Bool {
            quality.observed(
                reception(received, lost: 100, ssrc: ssrc), clockRate: 8000, at: second * Self.second)
        }
        let isFirst = !hasSample(500, at: 1)
        #expect(isFirst && quality.isKnown && quality.ssrc == 7)
        let isSecond = hasSample(750, at: 6)
        #expect(isSecond && quality.summary.highest?.packetLoss == 0, "what was lost before does not count here")
        var block = RTCPDigest.ReportBlock()
        (block.ssrc, block.fractionLost) = (7, 128)
        let leg = quality.reported(block, clockRate: 8000, farLeg: 0, at: 7 * Self.second)
        #expect(leg != nil)
        let isKeptAway = !hasSample(1000, at: 11)
        #expect(isKeptAway, "reports win")
        let hasChanged = hasSample(9, ssrc: 8, at: 16)
        #expect(hasChanged && quality.ssrc == 8 && quality.summary.samples == 0, "the samples were another's")
    }

    @Test("Another source begins with a clean slate")
    func anotherSource() {
        var source = Source()
        source.send(10)
        source.skip(3)
        source.send(1)
        source.ssrc = 8
        source.send(10)
        #expect(source.quality.ssrc == 8)
        #expect(source.quality.faults.lost == 0)
    }

    @Test("Jitter is the mean deviation of the packets' spacing (RFC 3550 §6.4.1)")
    func jitter() {
        var source = Source()
        for _ in 0..<500 {
            source.send(1)
            source.send(1, late: 10 * Self.millisecond)
        }
        // Each packet is 10 ms, 80 units, too near or too far.
        #expect(70...82 ~= source.quality.jitter)
    }

    @Test("Without reports there is a sample of the packets themselves every five seconds")
    func samplesOfPackets() throws {
        var source = Source()
        #expect(source.send(251) == 1)
        source.skip(25)
        #expect(source.send(230) == 1)
        let summary = source.quality.summary
        #expect(summary.samples == 2)
        #expect(try #require(summary.highest).mos == 44)
        #expect(try #require(summary.lowest).packetLoss >= 9)
        #expect(try #require(summary.lowest).mos < 40)
    }

    @Test("A report of the other end gives loss, jitter and the round trip, and replaces our own samples")
    func reports() throws {
        var source = Source()
        source.send(10)
        source.quality.sent((ssrc: 7, time: 0xABCD), at: source.now)
        var block = RTCPDigest.ReportBlock()
        (block.ssrc, block.fractionLost, block.cumulativeLost, block.jitter) = (7, 26, 5, 160)
        (block.lastSenderReport, block.delaySinceLastSenderReport) = (0xABCD, 65_536)  // one second
        let leg = source.quality.reported(
            block, clockRate: 8000, farLeg: 20_000, at: source.now + Self.second + 50 * Self.millisecond)
        #expect(leg == 50_000)
        let sample = try #require(source.quality.summary.average)
        #expect(sample.legRoundTripTime == 50_000)
        #expect(sample.roundTripTime == 70_000)
        #expect(sample.packetLoss == 10)
        #expect(sample.jitter == 20)
        #expect(sample.mos < 40)
        #expect(source.quality.summary.reportedLoss == 5)
        #expect(source.send(500) == 0)

        block.ssrc = 8
        #expect(source.quality.reported(block, clockRate: 8000, farLeg: 0, at: source.now) == nil)
    }

    @Test("The round trip is known although a sender report is under way to the listener")
    func twoSenderReports() throws {
        var source = Source()
        source.send(10)
        source.quality.sent((ssrc: 7, time: 0xABCD), at: source.now)
        source.quality.sent((ssrc: 7, time: 0xBCDE), at: source.now + 40 * Self.millisecond)
        var block = RTCPDigest.ReportBlock()
        (block.ssrc, block.lastSenderReport) = (7, 0xABCD)
        let now = source.now + 50 * Self.millisecond
        #expect(source.quality.reported(block, clockRate: 8000, farLeg: 0, at: now) == 50_000)
        block.lastSenderReport = 0x1111
        #expect(source.quality.reported(block, clockRate: 8000, farLeg: 0, at: now) == 0)
    }

    @Test("Whoever looks is told that the samples are another source's")
    func newSourceWithoutSamples() {
        var source = Source()
        #expect(source.send(251) == 1)
        source.ssrc = 8
        #expect(source.send(1) == 1)
        #expect(source.quality.summary.samples == 0)
        #expect(source.send(1) == 0)
    }

    @Test("Where no sender report tells the round trip, an extended report does; one about another source does not")
    func extendedReport() {
        var source = Source()
        source.send(10)
        var octets: [UInt8] = [0x80, 207, 0, 10, 0, 0, 0, 1, 7, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 0]
        octets += [0, 0, 0, 0, 0, 250] + [UInt8](repeating: 0, count: 18)
        var block = RTCPDigest.ReportBlock()
        block.ssrc = 7
        for (ssrc, expected) in [(UInt8(8), UInt32(0)), (7, 250_000)] {
            octets[15] = ssrc
            if let metrics = RTCPDigest(octets.span).voipMetrics { source.quality.reported(metrics) }
            _ = source.quality.reported(block, clockRate: 8000, farLeg: 0, at: source.now)
            #expect(source.quality.summary.average?.roundTripTime == expected)
        }
        #expect(source.quality.summary.reports == 2)
    }

    @Test("The scale: perfect, tolerable, unusable")
    func scale() {
        func mos(_ roundTrip: UInt32, _ jitter: UInt16, _ loss: UInt8) -> UInt8 {
            QualitySample(roundTripTime: roundTrip, legRoundTripTime: 0, jitter: jitter, packetLoss: loss).mos
        }
        #expect(mos(0, 0, 0) == 44)
        #expect(mos(200_000, 10, 1) < 44)
        #expect(mos(0, 0, 10) < mos(0, 0, 5))
        #expect(mos(5_000_000, 0, 100) == 10)
        #expect(mos(.max, .max, .max) == 10)
    }
}

@Suite("RTCP as far as quality needs it")
struct RTCPDigestTests {
    /// A sender report of SSRC 1 with one block about SSRC 2, then a source description.
    private static let report: [UInt8] =
        [0x81, 200, 0, 12, 0, 0, 0, 1, 0, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0, 0, 0]
        + [0, 0, 0, 9, 0, 0, 0, 9] + [0, 0, 0, 2, 64, 0xFF, 0xFF, 0xFE] + [0, 0, 1, 0, 0, 0, 0, 80]
        + [0, 0, 0xAB, 0xCD, 0, 1, 0, 0] + [0x81, 202, 0, 1, 0, 0, 0, 1]

    @Test("A sender report with a block")
    func senderReport() {
        let digest = RTCPDigest(Self.report.span)
        #expect(digest.senderReport?.ssrc == 1)
        #expect(digest.senderReport?.time == 0x1234_5678)
        #expect(digest.blockCount == 1)
        #expect(digest[0].ssrc == 2)
        #expect(digest[0].fractionLost == 64)
        #expect(digest[0].cumulativeLost == -2)
        #expect(digest[0].jitter == 80)
        #expect(digest[0].lastSenderReport == 0xABCD)
        #expect(digest[0].delaySinceLastSenderReport == 65_536)
    }

    @Test("What is cut short is read as far as it goes, and never beyond")
    func truncated() {
        for length in Self.report.indices {
            let digest = RTCPDigest(Array(Self.report[..<length]).span)
            #expect(digest.blockCount == (length >= 52 ? 1 : 0))
        }
    }

    @Test("Metrics of a voice call in an extended report, and every prefix of them")
    func extended() {
        var octets: [UInt8] = [0x80, 207, 0, 10, 0, 0, 0, 1, 7, 0, 0, 8, 0, 0, 0, 2, 10, 0, 0, 0]
        octets += [0, 0, 0, 0, 0, 250] + [UInt8](repeating: 0, count: 18)
        let metrics = RTCPDigest(octets.span).voipMetrics
        #expect(metrics?.ssrc == 2)
        #expect(metrics?.roundTripDelay == 250)
        for length in octets.indices { #expect(RTCPDigest(Array(octets[..<length]).span).voipMetrics == nil) }
        octets[11] = 1  // a block too short for what it says it is
        #expect(RTCPDigest(octets.span).voipMetrics == nil)
    }

    @Test("Listening quality leaves the delay out of the score")
    func scoreKinds() {
        let conversation = QualitySample(roundTripTime: 600_000, legRoundTripTime: 0, jitter: 1, packetLoss: 0)
        let listening = QualitySample(
            roundTripTime: 600_000, legRoundTripTime: 0, jitter: 1, packetLoss: 0, ratesDelay: false)
        #expect(conversation.mos < listening.mos)
        #expect(listening.mos == 43 || listening.mos == 44)
        #expect(listening.roundTripTime == 600_000)
    }

    @Test("A block count that is not true, and a report full of blocks")
    func lies() {
        var octets = Self.report
        octets[0] = 0x9F  // 31 blocks in a packet with room for one
        let lying = RTCPDigest(octets.span)
        #expect(lying.blockCount == 1)
        let many = [0x9F, 201, 0, 187] + [UInt8](repeating: 0, count: 748)
        let digest = RTCPDigest(many.span)
        #expect(digest.blockCount == 4)
    }
}

@Suite("Packets that come round again")
struct LoopDetectorTests {
    @Test("The same packet is let pass thirty times within a second, then no more")
    func loop() {
        var detector = LoopDetector()
        let packet = [UInt8](repeating: 0x80, count: 172)
        let verdicts = (0..<40).map { detector.isLooping(packet.span, at: UInt64($0) * 1_000_000) }
        #expect(verdicts.count { !$0 } == 31)
        #expect(verdicts.last == true)
    }

    @Test("A stream, a slow repetition and a duplicating network are no loops")
    func noLoop() {
        var detector = LoopDetector()
        for number in 0..<200 {
            let packet = [0x80, 8, 0, UInt8(number)] + [UInt8](repeating: 1, count: 168)
            for _ in 0..<2 {
                let isLooping = detector.isLooping(packet.span, at: UInt64(number) * 20_000_000)
                #expect(!isLooping)
            }
        }
        let still = [UInt8](repeating: 0x80, count: 172)
        for number in 0..<100 {
            let isLooping = detector.isLooping(still.span, at: UInt64(number) * 1_100_000_000)
            #expect(!isLooping)
        }
    }
}
