import RelayBenchKit
import WireFormat

/// A relay program on this machine, and how to start it.
struct RelayProgram {
    let name: String
    let path: String

    /// How all programs are started; rtpengine's option names, which relayd shares.
    struct Settings {
        var address: IPAddress
        /// Further addresses that calls are spread over.
        var others: [IPAddress] = []
        var threads = 1
        var extra: [String] = []
        /// Where it listens; `nil` for a port that is free now.
        var listener: TransportAddress?
    }

    /// Room for 5,690 calls on each address, below the ports that the kernel gives to clients.
    private static let ports = 10_000...32_767
    private static let warningsOnly = 4

    /// The relayd next to this program.
    static var neighbour: String {
        (FileSystem.link("/proc/self/exe") ?? "./relay-bench")
            .split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/relayd"
    }

    /// `nil` if there is no such file.
    init?(name: String, path: String) {
        guard FileSystem.exists(path) else { return nil }
        (self.name, self.path) = (name, path)
    }

    /// What the program says about its version; empty if it says nothing.
    var version: String {
        guard let process = try? ChildProcess(path, ["--version"]), process.waitForEnd(milliseconds: 2000) else {
            return ""
        }
        let words = process.lastLines(5).first?.split(separator: " ") ?? []
        return words.last { $0.first?.isNumber == true }.map { String($0) } ?? ""
    }

    /// Starts it, and returns when it answers a ping.
    func start(_ settings: Settings) throws(BenchError) -> RunningRelay {
        let listener =
            if let listener = settings.listener { listener } else {
                TransportAddress(settings.address, port: try Self.freePort(at: settings.address))
            }
        // Interfaces with numbered names take turns.
        let interfaces =
            settings.others.isEmpty
            ? ["--interface=\(settings.address)"]
            : ([settings.address] + settings.others).enumerated().map { "--interface=bench:\($0 + 1)/\($1)" }
        let arguments =
            interfaces + [
                "--foreground", "--log-stderr", "--config-file=none", "--listen-ng=\(listener)", "--table=-1",
                "--num-threads=\(settings.threads)",
                "--port-min=\(Self.ports.lowerBound)", "--port-max=\(Self.ports.upperBound)",
                "--log-level=\(Self.warningsOnly)", "--delete-delay=0",
            ] + settings.extra
        return try RunningRelay(self, arguments: arguments, listener: listener)
    }

    /// Free now; nobody else takes it in the moment until the relay does.
    static func freePort(at address: IPAddress) throws(BenchError) -> UInt16 {
        try UDPSocket(local: TransportAddress(address, port: 0)).local.port
    }
}

/// A relay that runs because `compare` started it; ended with its last reference.
final class RunningRelay {
    let listener: TransportAddress
    /// Nanoseconds from the start of the program to its first answer.
    let startTime: UInt64
    var identifier: Int32 { process.identifier }

    private let path: String
    private let process: ChildProcess

    /// How long a relay may take to answer; one that restores many calls takes a while.
    private static let patience: UInt64 = 120_000_000_000

    fileprivate init(_ program: RelayProgram, arguments: [String], listener: TransportAddress) throws(BenchError) {
        (self.listener, path) = (listener, program.path)
        let begin = SystemClock.monotonic
        process = try ChildProcess(program.path, arguments)
        let ping = NGTemplate.ping
        let client = try NGClient(relay: listener)
        while (try? client.request(ping)) == nil {
            guard process.isRunning, SystemClock.monotonic - begin < Self.patience, !Interrupt.isRequested else {
                startTime = 0
                throw Interrupt.isRequested ? .interrupted : failure
            }
            SystemClock.sleep(milliseconds: 1)
        }
        startTime = SystemClock.monotonic - begin
    }

    /// Resident memory in bytes, of all its processes.
    var residentMemory: UInt64 {
        ProcessSample(of: identifier, withDescendants: true)?.residentMemory ?? 0
    }

    /// Open descriptors of all its processes.
    var descriptorCount: Int {
        ([identifier] + ProcessSample.descendants(of: identifier)).reduce(0) {
            $0 + FileSystem.numbers(in: "/proc/\($1)/fd").count
        }
    }

    /// Throws if it has ended by itself.
    func check() throws(BenchError) {
        if !process.isRunning { throw failure }
    }

    private var failure: BenchError {
        let lines = process.lastLines(3).joined(separator: " | ")
        return .relayFailed("\(path) \(process.isRunning ? "does not answer" : "has ended"): \(lines)")
    }

    func end() { process.end() }

    /// Ends it without notice.
    func kill() { process.kill() }
}
