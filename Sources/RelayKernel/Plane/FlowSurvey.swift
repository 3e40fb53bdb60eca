internal import RelayCore

/// What becomes of the packets of settled streams, as far as the last seconds tell.
struct FlowSurvey: Sendable {
    /// Packets come to the kernel and to user space at different moments; that much later is no accident. Nanoseconds.
    static let tolerance: UInt64 = 1_000_000_000
    /// What was longer ago says nothing about now. Nanoseconds.
    private static let lately: UInt64 = 2_000_000_000
    /// One stream in so many may have its packets in user space; some always have, say those to a host without a route.
    private static let tolerableStrays = 10

    /// Ports whose latest packets the kernel has forwarded; none may have come lately.
    private(set) var forwarded = 0
    /// Those of them for RTP.
    private(set) var media = 0
    /// Those whose packets have come to the kernel lately.
    private(set) var busy = 0
    /// Ports whose packets should go through the kernel, and come to user space.
    private(set) var astray = 0
    /// Ports that have no flow for lack of room.
    var leftOut = NoRoomCounts()

    /// What the kernel forwards is what calls consist of now: they would go on without us.
    var carriesCalls: Bool { busy > 0 && astray * Self.tolerableStrays <= busy }

    /// Takes note of a stream with a flow.
    ///
    /// - Parameters:
    ///   - kernel: monotonic time of the last packet that the program has forwarded; 0 before the first.
    ///   - user: the same of user space.
    mutating func note(_ stream: KernelStream, kernel: UInt64, user: UInt64, at now: UInt64) {
        guard stream.flow != nil else { return }
        if Self.isForwarded(kernel: kernel, user: user) {
            forwarded += 1
            if stream.entry.component == .rtp { media += 1 }
            if now < kernel &+ Self.lately { busy += 1 }
        } else if now < user &+ Self.lately, user > stream.changed &+ Self.tolerance {
            astray += 1
        }
    }

    /// The program really forwards a stream's packets, and does not pass them up: they go to this host, say, or there is no
    /// interface for them.
    static func isForwarded(kernel: UInt64, user: UInt64) -> Bool { kernel != 0 && user <= kernel &+ tolerance }

    static func += (sum: inout FlowSurvey, other: FlowSurvey) {
        sum.forwarded += other.forwarded
        sum.media += other.media
        sum.busy += other.busy
        sum.astray += other.astray
        sum.leftOut += other.leftOut
    }
}
