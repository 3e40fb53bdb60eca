import RelayBenchKit
import WireFormat

/// The least that a relay can do with sockets: it receives what is there and sends it on, with one call each, and looks at
/// nothing but where it came from. One socket, no calls, no ports, no RTP.
final class BareForwarder {
    let local: TransportAddress
    var identifier: Int32 { process.identifier }

    private let process: ChildProcess
    private static let patience: UInt64 = 10_000_000_000

    init(at address: IPAddress, between one: TransportAddress, and other: TransportAddress) throws(BenchError) {
        local = TransportAddress(address, port: try RelayProgram.freePort(at: address))
        process = try ChildProcess(
            FileSystem.link("/proc/self/exe") ?? "relay-bench",
            ["forward", "\(local)", "--one=\(one)", "--other=\(other)"])
        let begin = SystemClock.monotonic
        while process.lastLines(1) != [ForwardCommand.ready] {
            guard process.isRunning, SystemClock.monotonic - begin < Self.patience else {
                throw .relayFailed("the bare forwarder: \(process.lastLines(1).joined())")
            }
            SystemClock.sleep(milliseconds: 1)
        }
    }
}
