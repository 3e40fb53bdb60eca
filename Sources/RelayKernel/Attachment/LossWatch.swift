/// What an interface has sent and lost at one moment.
struct InterfaceTraffic: Sendable {
    let index: UInt32
    let name: String
    /// Frames sent; wraps around.
    let sent: UInt32
    /// Frames that were refused or failed on the way out; wraps around.
    let failed: UInt32
    /// Frames that XDP should have sent and the driver has lost.
    let xdpErrors: UInt64
}

/// Finds interfaces that lose what the program gives them. A value without a clock: it is shown the counters at intervals.
struct LossWatch {
    /// What an interface has lost in the time that is looked back.
    struct Loss: Equatable {
        let index: UInt32
        let name: String
        let frames: UInt64
    }

    /// More frames lost than that, and more than so many of a hundred, are too many. What overload costs has to be less:
    /// user space would only make it worse.
    private static let (tolerableFrames, tolerablePercent): (UInt64, UInt64) = (10, 5)

    private struct Look {
        let forwarded: UInt64
        let interfaces: [UInt32: InterfaceTraffic]
    }

    /// Oldest first.
    private var looks: [Look] = []
    /// How many looks back losses are added up: one packet each 30 ms is not many at a time.
    private let span: Int

    init(span: Int) { self.span = span }

    /// Takes note of the counters; says which interfaces have lost too much since `span` looks ago, and forgets what it has
    /// said.
    ///
    /// - Parameter forwarded: packets that the program has forwarded so far. While it forwards none, losses are not its.
    mutating func look(_ traffic: [InterfaceTraffic], forwarded: UInt64) -> [Loss] {
        let now = Look(
            forwarded: forwarded, interfaces: Dictionary(traffic.map { ($0.index, $0) }, uniquingKeysWith: { $1 }))
        guard let oldest = looks.first, forwarded != looks.last?.forwarded else {
            looks = [now]
            return []
        }
        defer {
            looks.append(now)
            if looks.count > span { looks.removeFirst() }
        }
        let losses = traffic.compactMap { interface -> Loss? in
            guard let before = oldest.interfaces[interface.index] else { return nil }
            let failed = interface.failed &- before.failed
            // Half of the range in a few seconds: the driver has begun to count anew.
            guard failed <= UInt32.max / 2 else { return nil }
            let frames = UInt64(failed) + (interface.xdpErrors - min(interface.xdpErrors, before.xdpErrors))
            let all = UInt64(interface.sent &- before.sent) + frames
            guard frames > Self.tolerableFrames, frames * 100 > all * Self.tolerablePercent else { return nil }
            return Loss(index: interface.index, name: interface.name, frames: frames)
        }
        if !losses.isEmpty { looks = [] }
        return losses
    }
}
