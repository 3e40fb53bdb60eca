extension Span where Element == UInt8 {
    /// Reads an unsigned integer in network byte order, or `nil` when it does not lie wholly inside the span.
    ///
    /// - Complexity: O(1), one bounds check.
    @inlinable
    package func bigEndian<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        at offset: Int, as type: Value.Type = Value.self
    ) -> Value? {
        let size = MemoryLayout<Value>.size
        guard offset >= 0, count >= size, offset <= count - size else { return nil }
        // SAFETY: the guard proves `offset ..< offset + size` inside the span; every bit pattern is a valid integer.
        return unsafe Value(bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: Value.self))
    }
}
