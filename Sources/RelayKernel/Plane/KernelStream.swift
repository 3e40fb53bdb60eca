internal import RelayCore
internal import WireFormat

/// One local port as the kernel plane knows it.
struct KernelStream {
    /// Where what this port's flow forwards is sent from, and what the flow had counted when that began.
    struct Feed {
        let sink: SlotID
        let packets: UInt64
        let bytes: UInt64
    }

    let slot: SlotID
    let local: TransportAddress
    var tos: UInt8
    var entry = ForwardingEntry(component: .opaque)
    var latch = SourceLatch(signalled: nil, policy: SourceLatch.Policy())
    /// The user plane receives on the port.
    var isInstalled = false

    /// The counters that the program adds to, from the first flow on until the port is closed.
    var cell: UInt32?
    /// What the program has been told; `nil` while all packets go to user space.
    var flow: KernelFlow?
    /// Why there is none, although there could be.
    var noRoom: NoRoom?
    /// The user plane knows that the kernel gets this source's packets.
    var isHeardElsewhere = false
    /// Monotonic time of the last change of `flow`.
    var changed: UInt64 = 0
    /// Monotonic time for which the user plane has last been told what the kernel has counted of the RTP; 0 for never.
    var observed: UInt64 = 0
    /// SSRC that it has been told of.
    var observedSource: UInt32?

    /// Streams whose entry names this one as a sink.
    var sources: [UInt32] = []
    var rtpFeed: Feed?
    var rtcpFeed: Feed?
    /// Streams whose feeds name this one.
    var feeders: [UInt32] = []
    /// Sent from here by flows that have other sinks now, or none. Modulo 2^64, as all of these.
    var sent: (packets: UInt64, bytes: UInt64) = (0, 0)
    /// What an earlier process has counted in user space.
    var inherited = StreamCounters()

    init(slot: SlotID, local: TransportAddress, tos: UInt8) {
        (self.slot, self.local, self.tos) = (slot, local, tos)
    }

    var sinks: [SlotID] { [entry.rtpSink, entry.rtcpSink].compactMap(\.self) }
}
