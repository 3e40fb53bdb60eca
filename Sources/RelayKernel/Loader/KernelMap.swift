internal import CBPF
internal import Glibc
internal import RelayCore

/// A BPF map by its descriptor, its keys and values being plain C structures of `CRelayKernel`.
struct KernelMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: Sendable {
    let descriptor: Descriptor

    init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// Adds or replaces an element, atomically for the program.
    func update(_ key: Key, _ value: Value) throws(SystemError) {
        var (key, value) = (key, value)
        // SAFETY: the kernel reads one key and one value of the sizes that the map has; checked when it was opened.
        try check(unsafe bpf_map_update_elem(descriptor.number, &key, &value, 0), "bpf_map_update_elem")
    }

    /// Removes an element; false when there was none.
    @discardableResult
    func remove(_ key: Key) throws(SystemError) -> Bool {
        var key = key
        // SAFETY: as above.
        let result = unsafe bpf_map_delete_elem(descriptor.number, &key)
        guard result != -ENOENT else { return false }
        try check(result, "bpf_map_delete_elem")
        return true
    }

    /// Copies an element.
    func lookUp(_ key: Key, into value: inout Value) throws(SystemError) -> Bool {
        var key = key
        // SAFETY: the kernel writes one value; per-processor maps are read with `lookUpAll`.
        let result = unsafe bpf_map_lookup_elem(descriptor.number, &key, &value)
        guard result != -ENOENT else { return false }
        try check(result, "bpf_map_lookup_elem")
        return true
    }

    /// Copies the element of every processor.
    ///
    /// - Parameter blank: what to fill the room with before the kernel writes it.
    func lookUpAll(_ key: Key, blank: Value) throws(SystemError) -> [Value] {
        precondition(MemoryLayout<Value>.stride % 8 == 0, "the kernel rounds every processor's value up to 8 octets")
        var key = key
        // The kernel writes one value for each, however much room there is.
        let processors = libbpf_num_possible_cpus()
        try check(processors, "count the processors (/sys/devices/system/cpu/possible)")
        var values = [Value](repeating: blank, count: Int(processors))
        // SAFETY: the kernel writes one value for each possible processor.
        let result = unsafe values.withUnsafeMutableBytes { room in
            unsafe bpf_map_lookup_elem(descriptor.number, &key, room.baseAddress)
        }
        try check(result, "bpf_map_lookup_elem")
        return values
    }
}

extension Descriptor {
    /// What the kernel tells about a map.
    func mapInfo() throws(SystemError) -> bpf_map_info {
        var info = bpf_map_info()
        var length = UInt32(MemoryLayout<bpf_map_info>.size)
        // SAFETY: the kernel fills a structure of the size that it is told.
        try check(unsafe bpf_obj_get_info_by_fd(number, &info, &length), "look at a BPF map")
        return info
    }
}
