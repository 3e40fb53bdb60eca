import RelayCore
import RelayFailover
import Testing

@Suite("What a drill has cost")
struct DrillAccountTests {
    private static let port: UInt16 = 20_000
    private static let interval: UInt64 = 20_000_000

    /// One stream as it was sent: every packet goes to a relay, or nowhere.
    private struct Stream {
        enum Place { case home, backup, nowhere }

        private var sequence: UInt16
        private var counts: [Place: UInt64] = [:]
        private var last: [Place: UInt16] = [:]
        private var time: UInt64 = 1_000_000_000

        init(from sequence: UInt16) { self.sequence = sequence }

        mutating func send(_ packets: Int, to place: Place) {
            for _ in 0..<packets {
                sequence &+= 1
                time += DrillAccountTests.interval
                counts[place, default: 0] += 1
                last[place] = sequence
            }
        }

        func reading(at place: Place, ssrc: UInt32 = 7) -> StreamReading? {
            last[place].map {
                StreamReading(
                    port: DrillAccountTests.port, ssrc: ssrc, sequenceNumber: $0, packets: counts[place] ?? 0,
                    lastPacket: time)
            }
        }
    }

    private static func readings(_ reading: StreamReading?) -> DrillAccount.Readings {
        reading.map { [port: $0] } ?? [:]
    }

    /// The fate of a stream that sends packets in five parts: at home, lost, at the backup, lost, and at home again.
    private static func fate(
        _ parts: [Int], from start: UInt16 = 100, before backup: Int = 0, told: Bool = true, sourceAfter: UInt32 = 7
    ) -> StreamFate? {
        var stream = Stream(from: start)
        stream.send(backup, to: .backup)
        stream.send(50, to: .home)
        let (before, there) = (stream.reading(at: .home), stream.reading(at: .backup))
        stream.send(parts[0], to: .home)
        stream.send(parts[1], to: .nowhere)
        stream.send(parts[2], to: .backup)
        let during = stream.reading(at: .home)
        let then = stream.reading(at: .backup)
        stream.send(parts[3], to: .nowhere)
        stream.send(parts[4], to: .home)
        let account = DrillAccount(
            before: readings(before), during: readings(during),
            after: readings(stream.reading(at: .home, ssrc: sourceAfter)),
            others: told ? [(before: readings(there), after: readings(then))] : nil)
        return account.fates[port]
    }

    @Test(
        "what arrived nowhere is lost, and the longer hole is the gap, wherever the sequence number wraps",
        arguments: [100, 65_300, 65_480, 65_530] as [UInt16], [0, 30])
    func measures(_ start: UInt16, _ before: Int) {
        #expect(
            Self.fate([3, 0, 250, 0, 40], from: start, before: before)
                == .measured(sent: 293, elsewhere: 250, lost: 0, gap: 0))
        #expect(
            Self.fate([3, 5, 250, 8, 40], from: start, before: before)
                == .measured(sent: 306, elsewhere: 250, lost: 13, gap: 160))
    }

    @Test("a stream that went nowhere while its address was lent has lost all that")
    func backupIsDead() {
        #expect(Self.fate([3, 100, 0, 0, 40]) == .measured(sent: 143, elsewhere: 0, lost: 100, gap: 2000))
    }

    @Test("what cannot be known is not claimed")
    func unmeasured() {
        #expect(Self.fate([3, 0, 250, 0, 40], told: false) == .unmeasured(.unknown))
        #expect(Self.fate([3, 0, 250, 0, 40], sourceAfter: 8) == .unmeasured(.restarted))
        #expect(Self.fate([3, 20_000, 250, 0, 40]) == .unmeasured(.restarted))
        #expect(Self.fate([0, 0, 0, 0, 0]) == .unmeasured(.silent))
        let odd = StreamReading(port: Self.port, ssrc: 7, sequenceNumber: 9, packets: .max)
        let (here, now) = (
            StreamReading(port: Self.port, ssrc: 7, sequenceNumber: 1, packets: 1),
            StreamReading(port: Self.port, ssrc: 7, sequenceNumber: 9, packets: 5)
        )
        let account = DrillAccount(
            before: [Self.port: here], during: [Self.port: here], after: [Self.port: now],
            others: [(before: [:], after: [Self.port: odd])])
        #expect(account.fates[Self.port] == .unmeasured(.restarted))
        #expect(Self.fate([3, 0, 250, 0, 0]) == .unmeasured(.notBack))
        let reading = StreamReading(port: Self.port, ssrc: 7, sequenceNumber: 1, packets: 1)
        func only(before: Bool, after: Bool) -> StreamFate? {
            DrillAccount(
                before: before ? [Self.port: reading] : [:], during: before ? [Self.port: reading] : [:],
                after: after ? [Self.port: reading] : [:], others: []
            ).fates[Self.port]
        }
        #expect(only(before: true, after: false) == .unmeasured(.ended))
        #expect(only(before: false, after: true) == .unmeasured(.began))
    }

    @Test("sums are of what was measured")
    func sums() {
        var account = DrillAccount(before: [:], during: [:], after: [:], others: [])
        #expect(account.totals.streams == 0)
        func readings(_ list: [(UInt16, UInt16, UInt64)]) -> DrillAccount.Readings {
            Dictionary(
                uniqueKeysWithValues: list.map { port, sequence, packets in
                    let time = UInt64(sequence) * Self.interval
                    return (
                        port,
                        StreamReading(
                            port: port, ssrc: 1, sequenceNumber: sequence, packets: packets, lastPacket: time)
                    )
                })
        }
        account = DrillAccount(
            before: readings([(2, 100, 100), (4, 100, 100), (6, 100, 100)]),
            during: readings([(2, 100, 100), (4, 100, 100), (6, 100, 100)]),
            after: readings([(2, 200, 150), (4, 200, 190), (6, 100, 100)]),
            others: [(before: [:], after: readings([(2, 150, 50)]))])
        let totals = account.totals
        #expect([totals.streams, totals.sent, totals.elsewhere, totals.lost] == [2, 200, 50, 10])
        #expect(totals.longestGap == 200)
        #expect(account.unmeasured.map { $0.reason } == [.silent])
    }
}
