import RelayCore
import Testing
import WireFormat

@testable import RelayStore

@Suite("What a relay remembers of calls")
struct CallTableTests {
    private static func version(_ revision: UInt64 = 1) -> CallVersion {
        CallVersion(
            instance: CallInstance(created: 1, node: "a"), ownership: Ownership(node: "a", epoch: 0), revision: revision
        )
    }

    /// Calls that were in the store, and then end.
    private static func end(_ numbers: Range<Int>, in table: inout CallTable, at time: UInt64 = 1) {
        for number in numbers {
            let callID = ByteString("\(number)")
            table.offer(callID, RecordHeader(version: version(), state: .live), at: 0)
            table.end(CallEnding(callID: callID, version: version(2), isFinal: true), at: time + UInt64(number))
        }
    }

    @Test("with the store away for long, endings are bounded: the oldest go, and are counted")
    func bounded() {
        var table = CallTable(mostEndings: 1000)
        Self.end(0..<3500, in: &table)
        #expect(table.endings == 1000)
        #expect(table.lostEndings == 2500)
        // What is left to write is what is remembered.
        let left = table.takeChanges(.max)
        #expect(left.count == 1000)
        #expect(Set(left) == Set((2500..<3500).map { ByteString("\($0)") }))
    }

    @Test("looking for old endings ends, also when all of them wait to be written")
    func looking() {
        var table = CallTable(mostEndings: 1000)
        Self.end(0..<1000, in: &table)
        var looks = 0
        while table.forgetEndings(olderThan: 10, at: 1_000_000, limit: 100), looks < 100 { looks += 1 }
        #expect(looks == 10)
        #expect(table.endings == 1000, "they wait to be written")

        for callID in table.takeChanges(.max) {
            table.confirm(callID, RecordHeader(version: Self.version(2), state: .ended), sequence: 1, at: 1_000_001)
        }
        while table.forgetEndings(olderThan: 10, at: 1_000_005, limit: 5000) {}
        #expect(table.endings == 1000, "they count from when they were looked at")
        while table.forgetEndings(olderThan: 10, at: 1_000_010, limit: 5000) {}
        #expect(table.endings == 0)
        #expect(table.lostEndings == 0)
    }

    @Test("a Call-ID that ends again and again leaves nothing behind")
    func again() {
        var table = CallTable(mostEndings: 10)
        for revision: UInt64 in 1...1000 {
            table.offer("1", RecordHeader(version: Self.version(revision), state: .live), at: 0)
            table.end(CallEnding(callID: "1", version: Self.version(revision), isFinal: false), at: revision)
        }
        #expect(table.endings <= 1)
        var looks = 0
        while table.forgetEndings(olderThan: 10, at: 5000, limit: 1), looks < 1000 { looks += 1 }
        #expect(looks <= 21)
    }

    @Test("a call that is on its way into the relay is not forgotten, so its ending is told")
    func onItsWay() {
        var table = CallTable()
        let header = RecordHeader(version: Self.version(), state: .live)
        table.expect("1", header, at: 1)
        let gone = table.liveCalls
        #expect(gone.map(\.callID) == ["1"])
        table.forget(gone, sought: 2)
        table.end(CallEnding(callID: "1", version: Self.version(2), isFinal: true), at: 3)
        #expect(table.takeChanges(.max) == ["1"])
    }

    @Test("a call that has come into the relay while others were looked for is kept; one that is nowhere is not")
    func arrived() {
        var table = CallTable()
        let header = RecordHeader(version: Self.version(), state: .live)
        // Two threads have read the record.
        for _ in 0..<2 { table.expect("1", header, at: 1) }
        let gone = table.liveCalls
        table.finish("1")
        table.forget(gone, sought: 2)
        #expect(table.liveCalls.count == 1)
        table.read("1", header, sequence: 7, from: "", at: 3)
        table.finish("1")
        table.forget(gone, sought: 2)
        #expect(table.liveCalls.count == 1)
        table.forget(gone, sought: 4)
        #expect(table.liveCalls.isEmpty)
    }

    @Test("a record counts as refreshed when the store has confirmed it, and not when it was read there")
    func refreshed() {
        var table = CallTable()
        let header = RecordHeader(version: Self.version(), state: .live)
        table.offer("1", header, at: 0)
        table.confirm("1", header, sequence: 1, at: 100)
        table.read("1", header, sequence: 1, from: "", at: 300)
        #expect(table.calls(notConfirmedSince: 100).isEmpty)
        #expect(table.calls(notConfirmedSince: 200) == ["1"])
        table.confirm("1", header, sequence: 0, at: 400)
        #expect(table.calls(notConfirmedSince: 400).isEmpty)
        // What an earlier process has left may be about to expire.
        table.read("2", header, sequence: 2, from: "", at: 400)
        #expect(table.calls(notConfirmedSince: 300) == ["2"])
    }

    @Test("endings and records that are only to be kept for longer wait behind changes, but not for ever")
    func order() {
        var table = CallTable()
        Self.end(0..<1000, in: &table)
        for number in 2000..<2200 { table.change(ByteString("\(number)")) }
        let first = table.takeChanges(100)
        #expect(first.count == 100)
        #expect(first.prefix(75) == (2000..<2075).map { ByteString("\($0)") }[...])
        #expect(first.suffix(25) == (0..<25).map { ByteString("\($0)") }[...])
        // What is used again while its ending waits is a change.
        table.change("900")
        table.change("901", isUrgent: false)
        #expect(table.takeChanges(1000).prefix(126) == ((2075..<2200).map { ByteString("\($0)") } + ["900"])[...])
        #expect(Set(table.takeChanges(.max)) == Set((899..<1000).map { ByteString("\($0)") }).subtracting(["900"]))
        #expect(table.isIdle)
    }

    @Test("a call that the store never took is forgotten with its end, and no longer counts as unprotected")
    func blocked() {
        var table = CallTable()
        table.change("1")
        #expect(table.takeChanges(.max) == ["1"])
        table.block("1")
        #expect(table.unprotected == 1)
        table.end(CallEnding(callID: "1", version: Self.version(2), isFinal: true), at: 1)
        #expect(table.unprotected == 0)
        #expect(table.takeChanges(.max).isEmpty)
    }
}
