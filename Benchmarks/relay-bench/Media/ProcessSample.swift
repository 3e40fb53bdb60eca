import RelayBenchKit
import RelayCore

/// What a process and all that it has started have used of the machine, so far.
struct ProcessSample {
    /// Time on a CPU by thread, in nanoseconds.
    private(set) var threads: [ThreadKey: UInt64] = [:]
    private(set) var userTicks: UInt64 = 0
    private(set) var systemTicks: UInt64 = 0
    /// Resident memory in bytes.
    private(set) var residentMemory: UInt64 = 0

    struct ThreadKey: Hashable {
        let thread: UInt32
        let name: String
    }

    /// Nanoseconds of the CPU time that the scheduler has counted for all threads that still run.
    var cpuTime: UInt64 { threads.values.reduce(0, +) }

    /// `nil` if there is no such process.
    init?(of process: Int32, withDescendants: Bool) {
        guard add(process) else { return nil }
        guard withDescendants else { return }
        for descendant in Self.descendants(of: process) { _ = add(descendant) }
    }

    private mutating func add(_ process: Int32) -> Bool {
        guard let stat = SystemFile.text("/proc/\(process)/stat"), let ticks = ProcText.cpuTicks(stat: stat) else {
            return false
        }
        userTicks += ticks.user
        systemTicks += ticks.system
        if let status = SystemFile.text("/proc/\(process)/status") {
            residentMemory += ProcText.bytes("VmRSS", in: status) ?? 0
        }
        for thread in FileSystem.numbers(in: "/proc/\(process)/task") {
            let folder = "/proc/\(process)/task/\(thread)"
            guard let time = SystemFile.text("\(folder)/schedstat").flatMap({ ProcText.runTime(schedstat: $0) }) else {
                continue
            }
            let name = SystemFile.text("\(folder)/comm")?.split(separator: "\n").first ?? ""
            threads[ThreadKey(thread: thread, name: String(name))] = time
        }
        return true
    }

    /// Children, their children and so on: a relay may run under a guard of its own.
    static func descendants(of root: Int32) -> [Int32] {
        var children: [Int32: [Int32]] = [:]
        for number in FileSystem.numbers(in: "/proc") {
            guard let process = Int32(exactly: number), let stat = SystemFile.text("/proc/\(process)/stat"),
                let parent = ProcText.parent(stat: stat)
            else { continue }
            children[parent, default: []].append(process)
        }
        var found: [Int32] = []
        var open = [root]
        while let process = open.popLast() {
            let next = children.removeValue(forKey: process) ?? []
            found += next
            open += next
        }
        return found
    }
}

/// What the whole machine has used so far.
struct MachineSample {
    private static let nanosecondsPerTick: UInt64 = 10_000_000  // USER_HZ is 100 on every Linux that Swift runs on

    /// Nanoseconds that all processors together have not been idle, from some moment on.
    private let busy: UInt64
    /// Nanoseconds that a hypervisor gave to somebody else.
    let stolen: UInt64
    /// Bytes in the kernel's slab caches: sockets, packets, descriptors.
    let slab: UInt64
    /// Packets that the kernel dropped between two sockets because it could not keep up.
    let backlogDrops: UInt64

    init() {
        backlogDrops = SystemFile.text("/proc/net/softnet_stat").map { ProcText.backlogDrops(softnet: $0) } ?? 0
        let ticks = SystemFile.text("/proc/stat").flatMap { ProcText.machine(stat: $0) }
        let time = SystemClock.monotonic * UInt64(ticks?.processors ?? 0)
        stolen = (ticks?.stolen ?? 0) * Self.nanosecondsPerTick
        busy = time &- (ticks?.idle ?? 0) * Self.nanosecondsPerTick &- stolen
        slab = SystemFile.text("/proc/meminfo").flatMap { ProcText.bytes("Slab", in: $0) } ?? 0
    }

    /// Nanoseconds that the processors were not idle meanwhile. The kernel's account of what it is idle may run ahead of the
    /// clock: then they were idle all the time.
    func busy(since before: MachineSample) -> UInt64 { UInt64(max(0, Int64(bitPattern: busy &- before.busy))) }
}

/// What the kernel tells about a relay's UDP sockets, where packets wait or are dropped that the relay does not read.
struct RelaySockets {
    /// By socket: datagrams dropped since it was opened.
    private var drops: [UInt64: UInt64] = [:]
    /// Sockets with datagrams that nobody has read.
    private(set) var unread = 0

    /// Looks at all sockets of a process and its descendants, or where these are not to be seen, at the relay's ports.
    init(process: Int32?, ports: Set<UInt16>) {
        var inodes: Set<UInt64> = []
        for process in process.map({ [$0] + ProcessSample.descendants(of: $0) }) ?? [] {
            for number in FileSystem.numbers(in: "/proc/\(process)/fd") {
                guard let link = FileSystem.link("/proc/\(process)/fd/\(number)") else { continue }
                if let inode = ProcText.socketInode(link: link) { inodes.insert(inode) }
            }
        }
        for table in ["/proc/net/udp", "/proc/net/udp6"] {
            for socket in ProcText.udpSockets(SystemFile.text(table) ?? "")
            where inodes.isEmpty ? ports.contains(socket.port) : inodes.contains(socket.inode) {
                drops[socket.inode] = socket.drops
                if socket.unread > 0 { unread += 1 }
            }
        }
    }

    /// How many datagrams were dropped since an earlier look; `nil` if no socket is to be seen.
    func drops(since earlier: RelaySockets) -> Int? {
        guard !drops.isEmpty else { return nil }
        return drops.reduce(0) { $0 + Int($1.value - min($1.value, earlier.drops[$1.key] ?? 0)) }
    }
}
