/// Keeps what waits at a thread's receiver young enough to be of use.
///
/// The receiver has room for the better part of a second, so that a thread that is held up for a moment loses nothing. Under
/// lasting overload that room would fill, and every packet of every call come late: nobody would understand a word. So while
/// there is always more to read, a mark is sent through the queue now and then. When it comes out too old, what was ahead of
/// it tells how fast the thread reads; the room is cut to what it reads in time, and the kernel drops the rest on arrival, at
/// next to no cost and of all calls alike.
///
/// A value without clock or socket.
struct BacklogControl: BitwiseCopyable {
    /// A datagram that the thread sends to itself.
    struct Mark: BitwiseCopyable {
        let sent: UInt64
        /// Bytes that waited before it.
        let ahead: UInt32
    }

    /// What to do about the receiver's room.
    enum Step: Equatable {
        case nothing
        /// Send a mark through the queue.
        case mark
        /// Cut the room to so many bytes.
        case cut(to: UInt64)
        /// Give all the room back.
        case restore
    }

    /// A packet of a conversation is of little use when it has waited longer (ITU-T G.114). Nanoseconds.
    static let limit: UInt64 = 200_000_000
    /// What the room is cut to: a packet waits so long at most. The kernel's books lag behind by a quarter of the room, so it
    /// may be somewhat more. Nanoseconds.
    private static let target: UInt64 = 100_000_000
    /// From one mark to the next. Nanoseconds.
    private static let interval: UInt64 = 20_000_000

    private var lastMark: UInt64 = 0
    /// Marks that were sent before say nothing about the room as it is.
    private var lastCut: UInt64 = 0
    private(set) var isCut = false

    /// The thread has had its turn.
    ///
    /// - Parameter isBehind: there was more to read than it could.
    mutating func endTurn(isBehind: Bool, at now: UInt64) -> Step {
        guard isBehind else {
            guard isCut else { return .nothing }
            isCut = false
            return .restore
        }
        guard now &- lastMark >= Self.interval else { return .nothing }
        lastMark = now
        return .mark
    }

    /// A mark has come out of the queue.
    mutating func received(_ mark: Mark, at now: UInt64) -> Step {
        guard mark.sent > lastCut, now > mark.sent, now - mark.sent > Self.limit else { return .nothing }
        (lastCut, isCut) = (now, true)
        return .cut(to: UInt64(mark.ahead) * Self.target / (now - mark.sent))
    }
}
