internal import CLinux
internal import Glibc

/// The streams of one media thread, by slot: memory of a fixed size that the kernel provides as slots are first used.
@safe struct SlotTable: ~Copyable {
    private let slots: UnsafeMutablePointer<StreamSlot>
    /// 0 where a slot is empty; apart from the slots so that fresh zeroed memory is valid.
    private let generations: UnsafeMutablePointer<UInt32>
    let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        // SAFETY: calloc gives zeroed memory for `capacity` elements of each. A slot's memory is read only while its
        // generation is not 0, that is after `install` has written it whole; `StreamSlot` is bitwise copyable.
        unsafe slots = calloc(capacity, MemoryLayout<StreamSlot>.stride)!
            .bindMemory(to: StreamSlot.self, capacity: capacity)
        unsafe generations = calloc(capacity, MemoryLayout<UInt32>.stride)!
            .bindMemory(to: UInt32.self, capacity: capacity)
    }

    deinit {
        unsafe free(slots)
        unsafe free(generations)
    }

    /// True when the slot holds that very stream, not one that was there before or came after.
    @inline(__always)
    func holds(_ index: Int, generation: UInt32) -> Bool {
        // SAFETY: the index is checked first.
        unsafe index >= 0 && index < capacity && generation != 0 && generations[index] == generation
    }

    /// True when the slot holds a stream.
    @inline(__always)
    func isInUse(_ index: Int) -> Bool {
        // SAFETY: the index is checked first.
        unsafe index >= 0 && index < capacity && generations[index] != 0
    }

    /// The generation of the stream in a slot that is in use; 0 for an empty one.
    @inline(__always)
    func generation(of index: Int) -> UInt32 {
        precondition(index >= 0 && index < capacity)
        // SAFETY: the index was checked.
        return unsafe generations[index]
    }

    /// Has the processor fetch what is known of a slot.
    @inline(__always)
    func prefetch(_ index: Int) {
        guard index >= 0, index < capacity else { return }
        // SAFETY: inside of the allocations; nothing is read.
        unsafe clinux_prefetch(generations + index, 1)
        unsafe clinux_prefetch(slots + index, MemoryLayout<StreamSlot>.size)
    }

    mutating func install(_ slot: StreamSlot, at index: Int, generation: UInt32) {
        precondition(index >= 0 && index < capacity && generation != 0)
        unsafe (slots + index).initialize(to: slot)
        unsafe generations[index] = generation
    }

    mutating func clear(_ index: Int) {
        precondition(index >= 0 && index < capacity)
        unsafe generations[index] = 0
    }

    /// The stream in a slot that is in use.
    @inline(__always)
    subscript(index: Int) -> StreamSlot {
        _read {
            precondition(isInUse(index))
            // SAFETY: in use, so inside the table and written.
            yield unsafe slots[index]
        }
        _modify {
            precondition(isInUse(index))
            // SAFETY: as above; `mutating` access to `self` makes it exclusive.
            yield unsafe &slots[index]
        }
    }
}
