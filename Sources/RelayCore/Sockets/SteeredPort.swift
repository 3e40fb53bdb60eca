internal import CLinux
internal import Glibc
internal import WireFormat

/// One media thread's end of its `SteeredSockets`: batches of datagrams in and out, for all of its ports.
@safe struct SteeredPort: ~Copyable {
    /// Datagrams in one receive call. With more, the first would only wait longer for the last.
    static let batchSize = 64
    private static let portsPerAddress = 65_536

    /// The way of a queued datagram: the index of the slot that it came to, and of the one that it leaves through.
    struct Passage: BitwiseCopyable {
        let source: Int
        let sink: Int
        /// Length in octets.
        let length: UInt64
        /// The kernel did not take it.
        fileprivate(set) var wasRefused = false
    }

    /// By local address and port: 0, or the index of the slot plus 1.
    private let directory: UnsafeMutablePointer<UInt32>
    private let addresses: UnsafeMutablePointer<IPAddress>
    private let addressCount: Int
    /// By address.
    private let senders: UnsafeMutablePointer<OpaquePointer>
    /// `nil` for a thread whose ports have sockets of their own.
    private let receiver: UDPSocket?
    /// Where the receiver's bell is heard.
    private let bell: TransportAddress?
    private let batch: OpaquePointer
    /// By place in the batch.
    private let passages: UnsafeMutablePointer<Passage?>
    private let refused: UnsafeMutablePointer<UInt32>
    /// By place in the batch: what `describe` has found.
    private let descriptions: UnsafeMutablePointer<clinux_steered_datagram>
    /// The place that `datagram` is about.
    private var current = 0

    /// Allocates for these sockets, which have to stay open for longer; `nil` for a thread whose ports have sockets of
    /// their own.
    init(_ sockets: SteeredSockets?) {
        let (opened, count) = (sockets?.senders ?? [], sockets?.senders.count ?? 0)
        (receiver, bell) = (sockets?.receiver, sockets?.receiver.bellAddress)
        let slots = UInt32(count == 0 ? 1 : Self.batchSize)
        addressCount = count
        // SAFETY: everything is allocated here for this struct alone and freed in deinit; every index is checked before
        // use. The kernel provides the directory's zeroed memory as it is used. There is no going on without memory.
        unsafe directory = calloc(max(1, count * Self.portsPerAddress), MemoryLayout<UInt32>.stride)!
            .bindMemory(to: UInt32.self, capacity: max(1, count * Self.portsPerAddress))
        unsafe addresses = .allocate(capacity: max(1, count))
        unsafe senders = .allocate(capacity: max(1, count))
        unsafe batch = clinux_steered_create(slots)!
        unsafe passages = .allocate(capacity: Self.batchSize)
        unsafe passages.initialize(repeating: nil, count: Self.batchSize)
        unsafe descriptions = .allocate(capacity: Self.batchSize)
        unsafe descriptions.initialize(repeating: clinux_steered_datagram(), count: Self.batchSize)
        unsafe refused = .allocate(capacity: Self.batchSize)
        unsafe refused.initialize(repeating: 0, count: Self.batchSize)
        for (index, sender) in opened.enumerated() {
            unsafe (addresses + index).initialize(to: sender.address)
            let family = Int32(sender.address.family.rawValue)
            unsafe (senders + index).initialize(to: clinux_sender_create(sender.socket.descriptor, family, slots)!)
        }
    }

    deinit {
        for index in 0..<addressCount { unsafe clinux_sender_destroy(senders[index]) }
        unsafe clinux_steered_destroy(batch)
        unsafe free(directory)
        unsafe addresses.deallocate()
        unsafe senders.deallocate()
        unsafe descriptions.deallocate()
        unsafe passages.deallocate()
        unsafe refused.deallocate()
    }

    // MARK: Which stream a port belongs to

    /// Which of the local addresses this is; `nil` for others.
    @inline(__always)
    func index(of address: IPAddress) -> Int? {
        // A relay has a handful of addresses, so looking at them in turn is the fastest.
        for index in 0..<addressCount where unsafe addresses[index] == address { return index }
        return nil
    }

    /// The slot that serves a local port; `nil` when there is none.
    @inline(__always)
    func slot(at local: TransportAddress) -> Int? {
        guard let address = index(of: local.address) else { return nil }
        // SAFETY: a known address and any port are inside the directory.
        let entry = unsafe directory[address * Self.portsPerAddress + Int(local.port)]
        return entry == 0 ? nil : Int(entry) - 1
    }

    /// Gives a local port of a known address to a slot; `nil` takes it away.
    mutating func assign(_ slot: Int?, at local: TransportAddress) {
        guard let address = index(of: local.address) else { preconditionFailure("\(local) is not ours") }
        unsafe directory[address * Self.portsPerAddress + Int(local.port)] = slot.map { UInt32($0 + 1) } ?? 0
    }

    // MARK: In

    /// Whether ports have no sockets of their own: all that comes to them comes to one receiver.
    var isOpen: Bool { receiver != nil }

    /// Nothing but the bell: a datagram that the receiver has sent to itself.
    func isBell(_ local: TransportAddress, from source: TransportAddress) -> Bool { local == bell && source == bell }

    /// The mark that has come out of the queue, if that is what the datagram is that was turned to last, and the bell's.
    var mark: BacklogControl.Mark? {
        guard datagram.count == MemoryLayout<clinux_steered_mark>.size else { return nil }
        // SAFETY: that many octets were received; they need not be aligned.
        let mark = unsafe UnsafeRawPointer(start).loadUnaligned(as: clinux_steered_mark.self)
        return BacklogControl.Mark(sent: mark.time, ahead: mark.ahead)
    }

    /// Does what has been decided about what waits at the receiver.
    func perform(_ step: BacklogControl.Step, at now: UInt64) {
        guard let receiver else { return }
        switch step {
        case .nothing: break
        case .mark: clinux_steered_send_mark(receiver.descriptor, now)
        case .cut(let room):
            clinux_steered_resize(receiver.descriptor, Int32(clamping: room / 2))  // the kernel doubles it
        case .restore: clinux_steered_resize(receiver.descriptor, SteeredSockets.receiveBuffer)
        }
    }

    /// Waits until something is at the receiver, at most that long.
    func wait(milliseconds: Int32) {
        guard let receiver else { return }
        clinux_steered_wait(receiver.descriptor, milliseconds)
    }

    /// Takes what is waiting at the receiver, `batchSize` at most; returns how many datagrams.
    ///
    /// - Parameter waits: when nothing is there, for the first datagram or the bell; now and then for nothing.
    /// - Complexity: one system call. Allocates nothing.
    mutating func receive(waits: Bool = false) -> Int {
        guard let receiver else { return 0 }
        // SAFETY: the shim writes into memory that `batch` owns.
        let count = max(0, Int(unsafe clinux_steered_receive(batch, receiver.descriptor, waits ? 1 : 0)))
        for place in 0..<count {
            unsafe passages[place] = nil
            unsafe clinux_steered_describe(batch, UInt32(place), &descriptions[place])
        }
        return count
    }

    /// Where a datagram of the last `receive` was sent to; `nil` when the kernel did not tell.
    @inline(__always)
    func local(of place: Int) -> TransportAddress? {
        precondition(place >= 0 && place < Self.batchSize)
        return unsafe TransportAddress(descriptions[place].local)
    }

    /// Has the processor fetch what `slot(at:)` will look at.
    @inline(__always)
    func prefetch(_ local: TransportAddress) {
        guard let address = index(of: local.address) else { return }
        // SAFETY: a known address and any port are inside the directory.
        unsafe clinux_prefetch(directory + address * Self.portsPerAddress + Int(local.port), 1)
    }

    /// Turns to one datagram of the last `receive`; `nil` when the kernel did not tell both its addresses.
    mutating func turn(to place: Int) -> (source: TransportAddress, local: TransportAddress)? {
        guard let local = local(of: place), let source = unsafe TransportAddress(descriptions[place].source) else {
            return nil
        }
        current = place
        return (source, local)
    }

    /// The datagram that was turned to last.
    var datagram: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // SAFETY: the kernel has written that many bytes; the span borrows `self`, so that nothing can be received
            // over them. Before the first `receive` the length is 0.
            unsafe _overrideLifetime(
                Span(_unsafeStart: start, count: Int(descriptions[current].length)), borrowing: self)
        }
    }

    /// Overwrites the end of the datagram that was turned to last.
    mutating func fill(from offset: Int, with octet: UInt8) {
        let length = unsafe Int(descriptions[current].length)
        guard let bytes = unsafe descriptions[current].bytes, offset >= 0, offset < length else { return }
        // SAFETY: the octets are in memory of `batch`, which is ours and writable; the range is inside of the datagram.
        unsafe UnsafeMutablePointer(mutating: bytes + offset).update(
            repeating: octet, count: length - offset)
    }

    private var start: UnsafePointer<UInt8> {
        // SAFETY: any aligned address does for a span of no bytes.
        unsafe descriptions[current].bytes
            ?? UnsafePointer(UnsafeRawPointer(passages).assumingMemoryBound(to: UInt8.self))
    }

    // MARK: Out

    /// Queues a datagram of the last `receive` to leave through another port.
    ///
    /// - Parameters:
    ///   - sender: the index of the local address, of the destination's family.
    ///   - local: where it comes from.
    /// - Complexity: O(length) for the checksum. Allocates nothing.
    mutating func queue(
        _ place: Int, through sender: Int, from local: TransportAddress, to destination: TransportAddress, tos: UInt8,
        as passage: Passage
    ) {
        precondition(place >= 0 && place < Self.batchSize && sender >= 0 && sender < addressCount)
        var (from, to) = (local.raw, destination.raw)
        // SAFETY: place and sender exist; each place is queued at most once after a `receive`, so there is room.
        unsafe clinux_sender_queue(senders[sender], batch, UInt32(place), &from, &to, Int32(tos))
        unsafe passages[place] = passage
    }

    /// Sends what is queued.
    ///
    /// - Complexity: one system call for each local address that something leaves from. Allocates nothing.
    mutating func flush() {
        for index in 0..<addressCount {
            // SAFETY: `refused` has room for all places of the batch, and the shim writes only those.
            let failures = Int(unsafe clinux_sender_flush(senders[index], batch, refused))
            for failure in 0..<failures { unsafe passages[Int(refused[failure])]?.wasRefused = true }
        }
    }

    /// What became of a datagram of the last `receive`; `nil` when it was not queued.
    func passage(of place: Int) -> Passage? {
        precondition(place >= 0 && place < Self.batchSize)
        return unsafe passages[place]
    }
}
