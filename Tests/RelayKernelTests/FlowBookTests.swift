import CRelayKernel
import Testing
import WireFormat

@testable import RelayCore
@testable import RelayKernel

extension KernelTests {
    /// What the kernel has counted, together with what user space has.
    @Suite("The flow book")
    struct FlowBookTests {
        private func emptyTable() throws -> (KernelTable, CellPool) {
            let table = try KernelTable(number: nil)
            return (table, CellPool(table.places, used: []))
        }

        @Test("a source that only the kernel knows as yet has none of the samples of the one before it")
        func newSource() throws {
            let network = try TestNetwork("kt-source")
            defer { network.remove() }
            let (table, cells) = try emptyTable()
            var book = FlowBook(flows: table.flows, cells: cells)
            let slot = SlotID(worker: 0, index: 0, generation: 1)
            book.open(StreamHandle(slot: slot, local: ProgramTests.ours.at(30_000)), tos: 0)
            var flow = KernelFlow(source: ProgramTests.theirs.at(4000), clockRate: 8000, counters: 3)
            flow.rtp = .init(from: ProgramTests.ours.at(30_002), to: ProgramTests.theirs.at(5000))
            book.install(
                slot, ForwardingEntry(component: .rtp), SourceLatch(signalled: nil, policy: .init()), adopting: flow)

            var user = StreamCounters()
            (user.packets, user.lastUserPacket, user.ssrc, user.quality) = (9, 50, 1, SourceQuality())
            user.quality?.summary.add(
                QualitySample(roundTripTime: 0, legRoundTripTime: 0, jitter: 0, packetLoss: 0), at: 50)
            func counted(ssrc: UInt32, at time: UInt64) -> StreamCounters {
                cells.change(3) { ($0.ssrc, $0.state, $0.last_rtp) = (ssrc, UInt8(RELAY_SOURCE_KNOWN.rawValue), time) }
                var counters = user
                book.add(to: &counters, slot)
                return counters
            }
            let same = counted(ssrc: 1, at: 60)
            #expect(same.ssrc == 1 && same.quality?.samples == 1)
            let next = counted(ssrc: 2, at: 70)
            #expect(next.ssrc == 2 && next.quality == nil)
            #expect(next.reception?.ssrc == 2)
            let earlier = counted(ssrc: 3, at: 40)
            #expect(earlier.ssrc == 1 && earlier.quality?.samples == 1, "user space has heard the source since")
        }

        @Test("what a flow has sent stays with its sinks when it ends, here and in the process that comes next")
        func sinkChanges() throws {
            let network = try TestNetwork("kt-sinks")
            defer { network.remove() }
            let (table, cells) = try emptyTable()
            var book = FlowBook(flows: table.flows, cells: cells)
            book.isActive = true
            let slots = (0..<3 as Range<UInt32>).map { SlotID(worker: 0, index: $0, generation: 1) }
            func latch(_ slot: SlotID) -> SourceLatch {
                let address = ProgramTests.theirs.at(4000 + UInt16(slot.index))
                var latch = SourceLatch(signalled: address, policy: .init())
                latch.restore(source: address, target: address, isLocked: true, at: 0)
                return latch
            }
            func entry(to sink: Int, forwards: Bool = true) -> ForwardingEntry {
                var entry = ForwardingEntry(component: .rtp)
                (entry.rtpSink, entry.forwards) = (slots[sink], forwards)
                return entry
            }
            for (slot, sink) in zip(slots, [1, 0, 0]) {
                let local = ProgramTests.ours.at(30_000 + 2 * UInt16(slot.index))
                book.open(StreamHandle(slot: slot, local: local), tos: 0)
                book.install(slot, entry(to: sink), latch(slot), adopting: nil)
            }
            _ = book.settle(slots, at: 1)
            let cell = try #require(book[slots[0]]?.cell)
            cells.change(cell) { $0.rtp_packets = 1000 }
            // To another sink, and then to none: the early media of one phone, the answer of another, on hold.
            book.update(slots[0], entry(to: 2))
            _ = book.settle(slots, at: 2)
            cells.change(cell) { $0.rtp_packets = 1500 }
            book.update(slots[0], entry(to: 2, forwards: false))
            _ = book.settle(slots, at: 3)
            #expect(book[slots[0]]?.flow == nil)
            func sent(_ book: FlowBook, _ slot: SlotID) -> UInt64 {
                var counters = StreamCounters()
                book.add(to: &counters, slot)
                return counters.packetsOut
            }
            #expect(sent(book, slots[1]) == 1000)
            #expect(sent(book, slots[2]) == 500)

            book.save(0..<3) { _ in StreamCounters() }
            var next = FlowBook(flows: table.flows, cells: cells)
            next.open(StreamHandle(slot: slots[2], local: ProgramTests.ours.at(30_004)), tos: 0)
            next.install(slots[2], entry(to: 0), latch(slots[2]), adopting: book[slots[2]]?.flow)
            #expect(sent(next, slots[2]) == 500)
        }
    }
}
