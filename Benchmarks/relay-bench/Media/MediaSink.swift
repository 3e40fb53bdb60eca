import CBench
import CLinux
import WireFormat

/// Where the answerers of a run without a relay are: an address in another network namespace, so that packets take one
/// way through the network that a relayed packet takes twice.
struct MediaSink {
    let namespace: NetworkNamespace
    let address: IPAddress
}

/// A network namespace of this machine.
final class NetworkNamespace {
    private let (other, own): (Int32, Int32)
    private let path: String

    /// - Parameter path: as `/run/netns/NAME`, or `/proc/PID/ns/net`.
    init(_ path: String) throws(BenchError) {
        self.path = path
        // SAFETY: paths are zero-terminated copies that live during the calls.
        other = try checked(unsafe clinux_open_file(path), "open the network namespace \(path)")
        own = try checked(unsafe clinux_open_file("/proc/thread-self/ns/net"), "open the own network namespace")
    }

    deinit {
        _ = clinux_close(other)
        _ = clinux_close(own)
    }

    /// Calls with the calling thread in the namespace. What is opened there stays there.
    func visit<Result>(_ body: () throws(BenchError) -> Result) throws(BenchError) -> Result {
        try checked(cbench_enter_network(other), "enter the network namespace \(path)")
        // It has just been left, so it can be entered.
        defer { _ = cbench_enter_network(own) }
        return try body()
    }
}
