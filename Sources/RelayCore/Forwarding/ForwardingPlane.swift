package import WireFormat

/// An open local port: its place in the forwarding plane, and its address.
package struct StreamHandle: Hashable, Sendable, BitwiseCopyable {
    package let slot: SlotID
    package let local: TransportAddress

    package init(slot: SlotID, local: TransportAddress) { (self.slot, self.local) = (slot, local) }
}

/// One step in what a plane forwards. Steps posted together are applied in order.
package enum StreamChange: Sendable {
    /// Start receiving on an opened port.
    case install(StreamHandle, ForwardingEntry, SourceLatch)
    /// Forward otherwise from now on.
    case update(SlotID, ForwardingEntry)
    /// Their signalled address, or how to learn the real one, has changed (`SourceLatch.signal`).
    case signal(SlotID, TransportAddress?, SourceLatch.Policy, isPublic: Bool)
    /// Send with this TOS octet (IPv4) or traffic class (IPv6) from now on.
    case mark(StreamHandle, tos: UInt8)
    /// Go on with what another relay has learned.
    case relatch(SlotID, SourceLatch)
    /// Another plane forwards the locked source's packets (true), or has had none for a while (false); the last one came
    /// at this monotonic time.
    case heardElsewhere(SlotID, Bool, last: UInt64)
    /// Another plane has counted so much of a stream's RTP by this monotonic time.
    case observed(SlotID, RTPReception, at: UInt64)
    /// RTCP that another plane has forwarded at this monotonic time, to the port that it came to.
    case reported(SlotID, RTCPDigest, at: UInt64)
    /// Send an empty RTP packet to where the endpoint should be: it opens a NAT or firewall on the way.
    case pierce(StreamHandle, TransportAddress)
    /// Stop, and close the port when no packet is in hand any more.
    case remove(StreamHandle)
}

/// What forwards packets once calls are set up: sockets and media threads (`UserPlane`), or the kernel.
package protocol ForwardingPlane: Sendable {
    /// How many media threads there are; all streams of a call go to one of them.
    var workerCount: Int { get }

    /// Asks every media thread to come round; how often each had done so before it was asked. A thread whose number stays
    /// the same hangs.
    func knock() -> [UInt64]

    /// Opens a local port. Nothing is received before a `StreamChange.install`.
    ///
    /// - Parameters:
    ///   - pair: kept until the port has been closed, so that nobody else is given its number.
    ///   - owner: told what is learned about the stream.
    func open(
        _ component: StreamComponent, of pair: PortPair, tos: UInt8, worker: UInt16, owner: Call
    ) throws(SystemError) -> StreamHandle

    /// Closes a port that was opened but never installed.
    func discard(_ handle: StreamHandle)

    /// Applies changes to streams of one worker, soon and in order; does not wait.
    func apply(_ changes: [StreamChange], worker: UInt16)

    /// What a stream has received and sent so far.
    func counters(of slot: SlotID) -> StreamCounters

    /// Closes the ports that are no longer used, and hands over what was learned since the last call.
    func collect() -> [(owner: Call, event: LatchEvent)]

    /// How many datagrams were not forwarded, by reason.
    func drops(_ reason: DropReason) -> UInt64

    /// What was received since the start.
    var totals: PlaneTotals { get }

    /// Ends the media threads and closes everything.
    func stop()
}
