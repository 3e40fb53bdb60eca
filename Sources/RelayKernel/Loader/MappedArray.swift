internal import Glibc
internal import RelayCore

/// A BPF array that the kernel shares with us (`BPF_F_MMAPABLE`): read and written without system calls.
@safe final class MappedArray<Element>: Sendable {
    // SAFETY: set once, unmapped in deinit; every access checks its index.
    nonisolated(unsafe) private let base: UnsafeMutablePointer<Element>
    private let length: Int
    let count: Int
    let descriptor: Descriptor

    /// - Parameter count: elements in all, packed as C would; the kernel packs multiples of 8 octets alike.
    init(_ descriptor: Descriptor, count: Int) throws(SystemError) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        length = (count * MemoryLayout<Element>.stride + page - 1) / page * page
        // SAFETY: a mapping of the map's own size, or an error.
        let memory = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.number, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            throw SystemError(errno: errno, operation: "map a BPF array into memory")
        }
        unsafe base = memory.bindMemory(to: Element.self, capacity: count)
        (self.count, self.descriptor) = (count, descriptor)
    }

    deinit { unsafe munmap(base, length) }

    /// Calls with the address of one element, which is not to be kept.
    @inline(__always)
    func withElement<Result>(_ index: Int, _ body: (UnsafeMutablePointer<Element>) -> Result) -> Result {
        precondition(index >= 0 && index < count)
        // SAFETY: inside the mapping by the line above.
        return unsafe body(base + index)
    }
}
