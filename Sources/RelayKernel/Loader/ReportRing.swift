internal import CBPF
internal import CRelayKernel
internal import Glibc
internal import RelayCore
internal import Synchronization

/// RTCP that the program has forwarded: what it says, where and when it came.
struct KernelReport: Sendable {
    /// Number of the `relay_counters` of the port that it came to.
    let cell: UInt32
    /// Monotonic nanoseconds.
    let time: UInt64
    let digest: RTCPDigest
}

/// The ring that the program copies RTCP to. It is pinned with the maps, so a later process reads on where this one ends.
@safe final class ReportRing: Sendable {
    // SAFETY: both are made in init and freed in deinit; only `take` uses them, under the lock.
    nonisolated(unsafe) private let ring: OpaquePointer
    nonisolated(unsafe) private let batch: UnsafeMutablePointer<[KernelReport]>
    private let lock = Mutex(())

    /// Opens the ring for its only reader.
    init(_ descriptor: Descriptor) throws(SystemError) {
        let batch = UnsafeMutablePointer<[KernelReport]>.allocate(capacity: 1)
        unsafe batch.initialize(to: [])
        // SAFETY: `batch` lives as long as the ring.
        guard
            let ring = unsafe ring_buffer__new(
                descriptor.number, { unsafe ReportRing.note($0, $1, $2) }, batch, nil)
        else {
            let reason = errno
            unsafe batch.deinitialize(count: 1)
            unsafe batch.deallocate()
            throw SystemError(errno: reason, operation: "open the ring of RTCP reports")
        }
        unsafe (self.ring, self.batch) = (ring, batch)
    }

    deinit {
        unsafe ring_buffer__free(ring)
        unsafe batch.deinitialize(count: 1)
        unsafe batch.deallocate()
    }

    /// Takes out what is there, a ring's worth at most, oldest first.
    func take() -> [KernelReport] {
        lock.withLock { _ in
            // SAFETY: calls `note` with `batch` for each record. That it was made to stop is no failure.
            _ = unsafe ring_buffer__consume(ring)
            defer { unsafe batch.pointee = [] }
            return unsafe batch.pointee
        }
    }

    /// More than the ring holds: while the program is faster than we are, others get their turn.
    private static let limit = Int(RELAY_REPORT_RING.rawValue) / MemoryLayout<relay_report>.size

    /// Reads one record; negative when no more are wanted for now.
    private static func note(
        _ context: UnsafeMutableRawPointer?, _ record: UnsafeMutableRawPointer?, _ size: Int
    ) -> Int32 {
        let start = MemoryLayout<relay_report>.size
        guard let context = unsafe context, let record = unsafe record, size >= start else { return 0 }
        // SAFETY: the record has that many octets and stays until we return; the length in it is checked, for an earlier
        // build of the program may have written it.
        let header = unsafe record.loadUnaligned(as: relay_report.self)
        let octets = unsafe UnsafeRawBufferPointer(start: record + start, count: min(Int(header.length), size - start))
        let digest = unsafe RTCPDigest(Span(_unsafeBytes: octets))
        let batch = unsafe context.assumingMemoryBound(to: [KernelReport].self)
        unsafe batch.pointee.append(KernelReport(cell: header.cell, time: header.time, digest: digest))
        return unsafe batch.pointee.count < limit ? 0 : -ECANCELED
    }
}
