internal import CLinux
package import WireFormat

/// Room for one datagram, owned by one media thread.
@safe package struct DatagramBuffer: ~Copyable {
    /// The largest UDP datagram.
    private static let capacity = 65_536
    private let bytes: UnsafeMutableRawPointer
    /// Length of what was received last, in octets.
    private var length = 0

    package init() {
        // SAFETY: owned here alone, freed in deinit; only the first `length` bytes, written by the kernel, are ever read.
        unsafe bytes = .allocate(byteCount: Self.capacity, alignment: 64)
    }

    deinit {
        unsafe bytes.deallocate()
    }

    /// What was received last.
    package var datagram: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // SAFETY: `length` bytes were initialised by `receive`; the span borrows `self`, so nothing can be received into it.
            unsafe _overrideLifetime(
                Span(_unsafeStart: bytes.assumingMemoryBound(to: UInt8.self), count: length), borrowing: self)
        }
    }

    /// Overwrites the end of what was received last.
    package mutating func fill(from offset: Int, with octet: UInt8) {
        guard offset >= 0, offset < length else { return }
        // SAFETY: `length` bytes were initialised by `receive`, and the range is inside of them.
        unsafe (bytes + offset).initializeMemory(as: UInt8.self, repeating: octet, count: length - offset)
    }

    /// Takes one datagram from a socket; `nil` when none is waiting or the socket reported an error.
    ///
    /// - Complexity: one system call. Allocates nothing.
    package mutating func receive(from socket: UDPSocket) -> TransportAddress? {
        var source = clinux_address()
        // SAFETY: the kernel writes at most `capacity` bytes into memory of that size.
        let got = unsafe clinux_udp_receive(socket.descriptor, bytes, Self.capacity, &source)
        guard got >= 0 else { return nil }
        length = min(got, Self.capacity)
        return TransportAddress(source)
    }

    /// Sends what was received last out of another socket; false when the kernel refused it.
    ///
    /// - Complexity: one system call. Allocates nothing.
    package borrowing func send(from socket: UDPSocket, to destination: TransportAddress) -> Bool {
        var raw = destination.raw
        // SAFETY: `length` bytes are initialised; both pointers live across the call.
        return unsafe clinux_udp_send(socket.descriptor, bytes, length, &raw) >= 0
    }
}
