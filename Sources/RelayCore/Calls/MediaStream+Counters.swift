/// What an m-line has received and sent, whichever of its ports it was at.
extension MediaStream {
    /// Adds what a port has counted that is about to be closed.
    mutating func keep(_ counters: StreamCounters, of component: StreamComponent) {
        guard counters != StreamCounters() else { return }
        if component == .rtp, let quality = counters.settledQuality(clockRate: terms.clockRate, clock: (0, 0)) {
            earlierFaults += quality
        }
        var counters = counters
        counters.isKernelized = false
        earlier[component, default: StreamCounters()] += counters
    }

    /// Sums over all ports that it has and has had. The quality is that of the port that was heard last.
    func counted(by plane: any ForwardingPlane) -> (rtp: StreamCounters, rtcp: StreamCounters) {
        var sums = (rtp: StreamCounters(), rtcp: earlier[.rtcp] ?? StreamCounters())
        for component in [StreamComponent.rtp, .opaque] {
            if let counters = earlier[component] { sums.rtp += counters }
        }
        for port in ports.reversed() {
            sums.rtp.join(plane.counters(of: port.rtp.slot))
            if let rtcp = port.rtcp { sums.rtcp.join(plane.counters(of: rtcp.slot)) }
        }
        return sums
    }

    /// RTP, or what is passed on in its place, has come to a port that is closed now.
    var hasSpokenEarlier: Bool { earlier.contains { $0.key != .rtcp && $0.value.packets > 0 } }
}

extension StreamCounters {
    /// Adds what a newer port has counted.
    fileprivate mutating func join(_ other: StreamCounters) {
        let last = other.lastPacket >= lastPacket ? other : self
        self += other
        (ssrc, reception, quality) = (last.ssrc ?? ssrc, last.reception, last.quality)
    }
}
