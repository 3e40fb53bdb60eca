import CBench
import CLinux
import Glibc
import WireFormat

/// Buffers for datagrams that go through the kernel together, either way. Allocates only when it is made.
@safe struct DatagramBatch: ~Copyable {
    private let batch: OpaquePointer
    /// How many datagrams fit.
    let capacity: Int
    /// Octets of each buffer.
    let datagramSize: Int

    init(capacity: Int, datagramSize: Int) {
        // SAFETY: this value alone owns the pointer, from here to `deinit`; running out of memory at start is fatal.
        unsafe batch = cbench_batch_create(UInt32(capacity), UInt32(datagramSize))!
        (self.capacity, self.datagramSize) = (capacity, datagramSize)
    }

    deinit {
        // SAFETY: made by `init`, released only here.
        unsafe cbench_batch_destroy(batch)
    }

    /// The buffer of a slot, for writing; all of its octets are initialised.
    @_lifetime(&self)
    mutating func buffer(_ slot: Int) -> MutableSpan<UInt8> {
        precondition(slot >= 0 && slot < capacity)
        // SAFETY: the slot exists, its buffer has `datagramSize` initialised octets and lives as long as `self`, which
        // stays exclusively borrowed while the span is in use.
        let octets = unsafe UnsafeMutableBufferPointer(
            start: cbench_batch_data(batch, UInt32(slot)), count: datagramSize)
        let span = unsafe MutableSpan(_unsafeElements: octets)
        return unsafe _overrideLifetime(span, mutating: &self)
    }

    /// A received datagram, as far as it fitted.
    @_lifetime(borrow self)
    borrowing func datagram(_ slot: Int, length: Int) -> Span<UInt8> {
        precondition(slot >= 0 && slot < capacity)
        // SAFETY: as in `buffer`, shared; the length is cut to the buffer.
        let octets = unsafe UnsafeBufferPointer(
            start: cbench_batch_data(batch, UInt32(slot)), count: min(max(length, 0), datagramSize))
        let span = unsafe Span(_unsafeElements: octets)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Sets length and destination of the datagram that a slot sends.
    mutating func address(_ slot: Int, length: Int, to destination: clinux_address) {
        precondition(slot >= 0 && slot < capacity && length <= datagramSize)
        var destination = destination
        // SAFETY: the slot exists; the shim copies the address.
        unsafe cbench_batch_address(batch, UInt32(slot), UInt32(length), &destination)
    }

    /// Sends `slots` in order without blocking: how many left, or the negative error number if none did.
    mutating func send(_ slots: Range<Int>, through descriptor: Int32) -> Int {
        precondition(slots.lowerBound >= 0 && slots.upperBound <= capacity)
        // SAFETY: the slots exist and were addressed.
        return Int(unsafe cbench_batch_send(batch, descriptor, UInt32(slots.lowerBound), UInt32(slots.count)))
    }

    /// Receives what is waiting, up to the capacity: how many, 0 if nothing is.
    mutating func receive(from descriptor: Int32) throws(BenchError) -> Int {
        // SAFETY: the shim writes into buffers that `batch` owns.
        let received = unsafe cbench_batch_receive(batch, descriptor)
        return received == -EAGAIN ? 0 : Int(try checked(received, "receive"))
    }

    /// What the kernel told about a received datagram.
    borrowing func describe(_ slot: Int) -> cbench_batch_info {
        precondition(slot >= 0 && slot < capacity)
        var info = cbench_batch_info()
        // SAFETY: the slot exists; the shim writes `info` during the call.
        unsafe cbench_batch_describe(batch, UInt32(slot), &info)
        return info
    }
}
