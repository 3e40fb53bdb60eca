import CRelayKernel
import Testing
import WireFormat

@testable import RelayCore
@testable import RelayKernel

extension KernelTests {
    /// What the kernel has counted, together with what user space has.
    @Suite("The flow book")
    struct FlowBookTests {
        @Test("a source that only the kernel knows as yet has none of the samples of the one before it")
        func newSource() throws {
            let network = try TestNetwork("kt-source")
            defer { network.remove() }
            let table = try KernelTable(number: nil)
            let cells = CellPool(table.places, used: [])
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
    }
}
