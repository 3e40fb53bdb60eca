internal import CBPF
internal import Glibc
internal import RelayCore

/// A BPF object file on its way into the kernel: its maps may be sized, or replaced by maps that are there already, and
/// then it is loaded.
///
/// Only for the time of loading. What is needed later leaves it as `Descriptor`s.
@safe struct KernelObject: ~Copyable {
    // SAFETY: from `bpf_object__open_mem`, closed once in deinit, never handed out.
    private let object: OpaquePointer
    private let name: String

    init(_ image: ProgramImage) throws(SystemError) {
        Self.silenceLibrary()
        name = image.rawValue
        let octets = image.octets
        // SAFETY: libbpf copies what it needs from the array.
        let opened = unsafe octets.withUnsafeBytes { content in
            unsafe bpf_object__open_mem(content.baseAddress, content.count, nil)
        }
        guard let opened = unsafe opened else { throw SystemError(errno: errno, operation: "read the BPF program") }
        unsafe object = opened
    }

    deinit { unsafe bpf_object__close(object) }

    /// What the kernel has to say is in the errors; libbpf would print on standard error too.
    static func silenceLibrary() { unsafe libbpf_set_print(nil) }

    private func map(_ name: String) throws(SystemError) -> OpaquePointer {
        guard let map = unsafe bpf_object__find_map_by_name(object, name) else {
            throw SystemError(errno: ENOENT, operation: "find the BPF map \(name)")
        }
        return unsafe map
    }

    /// Sets how many elements a map has; before `load`.
    func resize(_ name: String, to count: Int) throws(SystemError) {
        try check(unsafe bpf_map__set_max_entries(map(name), UInt32(count)), "size the BPF map \(name)")
    }

    /// Uses a map that exists; before `load`.
    ///
    /// - Throws: EINVAL when it is not of the shape that the programs expect.
    func reuse(_ name: String, _ descriptor: Descriptor) throws(SystemError) {
        let map = unsafe try map(name)
        let info = try descriptor.mapInfo()
        let isSame =
            unsafe info.type == bpf_map__type(map).rawValue && info.key_size == bpf_map__key_size(map)
            && info.value_size == bpf_map__value_size(map) && info.max_entries == bpf_map__max_entries(map)
        guard isSame else { throw SystemError(errno: EINVAL, operation: "adopt the BPF map \(name)") }
        try check(unsafe bpf_map__reuse_fd(map, descriptor.number), "adopt the BPF map \(name)")
    }

    /// Gives maps and programs to the kernel.
    func load() throws(SystemError) { try check(unsafe bpf_object__load(object), "load the BPF program \(name)") }

    /// A loaded program.
    func program(_ name: String) throws(SystemError) -> Descriptor {
        guard let program = unsafe bpf_object__find_program_by_name(object, name) else {
            throw SystemError(errno: ENOENT, operation: "find the BPF program \(name)")
        }
        return try Descriptor(copying: unsafe bpf_program__fd(program))
    }

    /// A map, after `load`.
    func descriptor(ofMap name: String) throws(SystemError) -> Descriptor {
        try Descriptor(copying: unsafe bpf_map__fd(map(name)))
    }
}
