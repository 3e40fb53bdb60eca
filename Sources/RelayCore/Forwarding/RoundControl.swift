/// Tells when a thread whose ports have sockets of their own is so far behind that what waits at them is too old.
///
/// Each socket has a queue of its own, seconds long, and no part of the thread sees how old it is. But a thread that keeps up
/// has rounds again and again in which few sockets are ready; one that has had none for a while reads what came that while
/// ago, or earlier.
///
/// A value without clock or socket.
struct RoundControl: BitwiseCopyable {
    /// So many ready sockets in one round are more than come while a thread works on a few. A relay with less traffic than
    /// that is never taken to be behind.
    static let crowd = 32

    /// A round that begins so long after the one before it did not take that long: the thread did not run. What came
    /// meanwhile is relayed, as everywhere. Nanoseconds.
    private static let pause: UInt64 = 50_000_000

    /// When there were fewer for the last time, moved on by the time in which the thread did not run. Nanoseconds.
    private var keptUp: UInt64 = 0
    private var lastRound: UInt64 = 0
    private var isBehind = false
    private var hasPassedOver = false

    /// A round begins.
    ///
    /// - Returns: whether only the newest datagram of each port is worth relaying.
    mutating func begin(ready: Int, at now: UInt64) -> Bool {
        let sinceLast = now &- lastRound
        lastRound = now
        if sinceLast > Self.pause { keptUp &+= sinceLast }
        // What it was behind with is done when no port has two datagrams any more: looking for them costs time that it may
        // need to keep up.
        if ready < Self.crowd || isBehind && !hasPassedOver { keptUp = now }
        (isBehind, hasPassedOver) = (now &- keptUp > BacklogControl.limit, false)
        return isBehind
    }

    /// A datagram was passed over, because a newer one of its port was there.
    mutating func passOver() { hasPassedOver = true }
}
