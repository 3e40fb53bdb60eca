internal import CLinux
internal import WireFormat

/// Room for some control messages, to receive them or to send them with one system call.
@safe struct ControlBatch: ~Copyable {
    /// What a busy proxy sends while one command is carried out is less; with more, the first reply would only wait longer
    /// for the last.
    static let size = 8

    private let slots: OpaquePointer

    init() {
        // SAFETY: made here, freed in deinit, never handed out. There is no going on without memory.
        unsafe slots = clinux_control_create(UInt32(Self.size))!
    }

    deinit { unsafe clinux_control_destroy(slots) }

    /// Takes what is waiting, `size` messages at most, without blocking.
    mutating func receive(from socket: UDPSocket) -> [ControlMessage] {
        // SAFETY: the kernel writes into memory that `slots` owns.
        let count = Int(unsafe clinux_control_receive(slots, socket.descriptor))
        guard count > 0 else { return [] }
        return (0..<count).compactMap { slot in
            var (source, local) = (clinux_address(), clinux_address())
            var length = 0
            // SAFETY: inside the batch; the kernel has written `length` octets at `start`, which are copied at once.
            let bytes = unsafe clinux_control_received(slots, UInt32(slot), &length, &source, &local).map { start in
                unsafe [UInt8](UnsafeBufferPointer(start: start, count: length))
            }
            guard let bytes, let source = TransportAddress(source) else { return nil }
            return ControlMessage(bytes: bytes, source: source, local: TransportAddress(local))
        }
    }

    /// Queues a message; false when there is no room for it, or it is too long.
    mutating func queue(_ bytes: [UInt8], to destination: TransportAddress, from local: TransportAddress?) -> Bool {
        var (rawDestination, rawLocal) = (destination.raw, local?.raw ?? clinux_address())
        // SAFETY: the array and the addresses live across the call, which copies them.
        return unsafe bytes.withUnsafeBytes { content in
            unsafe clinux_control_queue(slots, content.baseAddress, content.count, &rawDestination, &rawLocal) == 0
        }
    }

    /// Sends what is queued without blocking; returns how many messages the kernel refused.
    mutating func flush(to socket: UDPSocket) -> Int {
        // SAFETY: the kernel reads memory that `slots` owns.
        Int(unsafe clinux_control_flush(slots, socket.descriptor))
    }
}
