internal import CBPF
internal import CRelayKernel
internal import Glibc
internal import RelayCore

/// Where maps and links stay when the daemon is gone: a folder on the BPF file system, held by one process at a time.
final class PinFolder: Sendable {
    /// The BPF file system's usual place.
    static let root = "/sys/fs/bpf"

    let path: String
    private let hold: Descriptor

    /// Makes or opens the folder of a table.
    ///
    /// - Throws: EBUSY when another relay or user has it; ENOTSUP when there is no BPF file system and none can be mounted.
    init(table: Int) throws(SystemError) {
        // SAFETY: a terminated string that lives across the call.
        try check(unsafe relay_mount_bpf(Self.root), "mount the BPF file system at \(Self.root)")
        path = "\(Self.root)/relayd-\(table)"
        // SAFETY: here and below, terminated strings that live across the calls.
        if unsafe mkdir(path, 0o700) < 0, errno != EEXIST {
            throw SystemError(errno: errno, operation: "make \(path)")
        }
        do throws(SystemError) {
            hold = try Descriptor(unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), orErrno: "open \(path)")
        } catch {
            guard error.errno == EACCES else { throw error }
            // What is pinned there still forwards, and would do so past us.
            throw SystemError(
                errno: EBUSY, operation: "table \(table): \(path) belongs to another user (--flush-kernel)")
        }
        guard flock(hold.number, LOCK_EX | LOCK_NB) == 0 else {
            throw SystemError(errno: EBUSY, operation: "table \(table): another relay uses it")
        }
    }

    /// Opens what an earlier process has pinned; `nil` when there is nothing of that name.
    func open(pinned name: String) -> Descriptor? {
        // SAFETY: a terminated string that lives across the call.
        let descriptor = unsafe bpf_obj_get("\(path)/\(name)")
        return descriptor < 0 ? nil : Descriptor(owning: descriptor)
    }

    /// Keeps a map or a link under a name, in place of what had the name.
    func pin(_ descriptor: Descriptor, as name: String) throws(SystemError) {
        remove(name)
        // SAFETY: as above.
        try check(unsafe bpf_obj_pin(descriptor.number, "\(path)/\(name)"), "pin \(path)/\(name)")
    }

    /// Lets go of what is pinned under a name, if anything is.
    func remove(_ name: String) { _ = unsafe unlink("\(path)/\(name)") }

    /// What is pinned, in no order.
    var names: [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        // SAFETY: the entry is valid until the next call; its name is terminated and copied.
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Lets go of everything, and of the folder.
    func clear() {
        for name in names { remove(name) }
        _ = unsafe rmdir(path)
    }
}
