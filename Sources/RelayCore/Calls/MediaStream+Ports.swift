/// The ports of an m-line: the newest, and those that it has replaced.
extension MediaStream {
    /// All that are open, the newest first.
    package var ports: [LocalPort] {
        guard let port else { return superseded }
        return superseded.isEmpty ? [port] : [port] + superseded
    }

    var hasPorts: Bool { port != nil || !superseded.isEmpty }

    /// A re-offer has replaced the port, and nobody has agreed to that so far: it may still be refused.
    var awaitsAnswer: Bool { !superseded.isEmpty && closeSupersededAt == nil }

    /// The port that this side has been told of and has agreed to: its packets come there, and those for it leave there.
    var portInUse: LocalPort? { awaitsAnswer ? superseded.first : port }

    /// Where packets for this side leave that have come to a port for RTP, or for anything else: what is late from before
    /// a change to fax, or early after it, is not sent between ports of another kind.
    func outlet(isRTP: Bool) -> LocalPort? {
        guard let portInUse else { return nil }
        return portInUse.isRTP == isRTP ? portInUse : ports.first { $0.isRTP == isRTP } ?? portInUse
    }

    /// The newest port has been answered. The ones before it receive until `time`, for what is under way.
    mutating func retireSuperseded(until time: UInt64) {
        // Nothing has come to the port that is in use now, so no source is locked there.
        if awaitsAnswer { (terms.observed.isLocked, terms.observedRTCP.isLocked) = (false, false) }
        closeSupersededAt = superseded.isEmpty ? nil : time
    }

    /// There is something that `takeIdlePorts` would take.
    func hasIdlePorts(at now: UInt64) -> Bool {
        func isDue(_ time: UInt64?) -> Bool { time.map { $0 <= now } ?? false }
        return isDue(closeSupersededAt) || isDue(closeRTCPAt) || isDue(reserved?.until)
    }

    /// Takes out the ports whose time is up, to be closed.
    mutating func takeIdlePorts(at now: UInt64) -> [StreamHandle] {
        var idle: [StreamHandle] = []
        if let due = closeSupersededAt, due <= now {
            idle += superseded.flatMap(\.handles)
            (superseded, closeSupersededAt) = ([], nil)
        }
        if let due = closeRTCPAt, due <= now {
            if let rtcp = port?.rtcp { idle.append(rtcp) }
            port?.rtcp = nil
            closeRTCPAt = nil
        }
        if let until = reserved?.until, until <= now { reserved = nil }
        return idle
    }
}
