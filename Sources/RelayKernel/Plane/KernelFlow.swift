internal import CRelayKernel
internal import WireFormat

/// What the program is to do with the packets that arrive at one local port.
struct KernelFlow: Equatable, Sendable {
    /// Where packets are sent from, and to.
    struct Path: Equatable, Sendable {
        let from: TransportAddress
        let to: TransportAddress
    }

    /// The only source that is accepted.
    var source: TransportAddress
    /// `nil` for what is not forwarded.
    var rtp: Path?
    var rtcp: Path?
    /// TOS octet or traffic class of what is sent.
    var tos: UInt8 = 0
    /// RTP timestamp units per second; 0 when unknown.
    var clockRate: UInt32 = 0
    /// The number of its `relay_counters`.
    var counters: UInt32 = 0
}

extension relay_flow {
    /// As the program reads it, taking one of the flow's ways.
    init(_ flow: KernelFlow, at local: TransportAddress, along path: KernelFlow.Path) {
        self.init()
        (self.local, local_prefix) = local.address.kernelParts
        (source, source_prefix) = flow.source.address.kernelParts
        (from, from_prefix) = path.from.address.kernelParts
        (to, to_prefix) = path.to.address.kernelParts
        (local_port, source_port) = (local.port.bigEndian, flow.source.port.bigEndian)
        (from_port, to_port) = (path.from.port.bigEndian, path.to.port.bigEndian)
        set(RELAY_FLOW_RTP, flow.rtp != nil)
        set(RELAY_FLOW_RTCP, flow.rtcp != nil)
        set(RELAY_FLOW_FROM_IPV4, local.address.family == .ipv4)
        set(RELAY_FLOW_TO_IPV4, path.to.address.family == .ipv4)
        (tos, clock_rate, counters) = (flow.tos, flow.clockRate, flow.counters)
    }

    private mutating func set(_ flag: relay_flow_flags, _ isSet: Bool) { if isSet { flags |= UInt8(flag.rawValue) } }

    func has(_ flag: relay_flow_flags) -> Bool { flags & UInt8(flag.rawValue) != 0 }

    var localAddress: TransportAddress {
        TransportAddress(IPAddress(local_prefix, local), port: UInt16(bigEndian: local_port))
    }

    var path: KernelFlow.Path {
        KernelFlow.Path(
            from: TransportAddress(IPAddress(from_prefix, from), port: UInt16(bigEndian: from_port)),
            to: TransportAddress(IPAddress(to_prefix, to), port: UInt16(bigEndian: to_port)))
    }
}

extension KernelFlow {
    /// Reads back what was written.
    ///
    /// - Parameter rtcp: the flow that RTCP takes the way of; `nil` when it is this one.
    init(_ flow: relay_flow, rtcp other: relay_flow?) {
        let source = TransportAddress(
            IPAddress(flow.source_prefix, flow.source), port: UInt16(bigEndian: flow.source_port))
        self.init(source: source, tos: flow.tos, clockRate: flow.clock_rate, counters: flow.counters)
        if flow.has(RELAY_FLOW_RTP) { rtp = flow.path }
        if flow.has(RELAY_FLOW_RTCP) { rtcp = (other ?? flow).path }
    }
}

extension IPAddress {
    /// The last word and the others.
    fileprivate var kernelParts: (UInt32, (UInt32, UInt32, UInt32)) {
        let (first, second, third, last) = kernel
        return (last, (first, second, third))
    }

    fileprivate init(_ prefix: (UInt32, UInt32, UInt32), _ last: UInt32) {
        self.init((prefix.0, prefix.1, prefix.2, last))
    }
}
