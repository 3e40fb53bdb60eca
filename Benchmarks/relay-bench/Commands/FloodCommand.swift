import ArgumentParser
import CLinux
import RelayBenchKit
import WireFormat

/// What `overload` starts beside itself.
struct FloodCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flood", abstract: "Sends RTP to one port, as somebody would who means harm.", shouldDisplay: false
    )

    @Argument(help: ArgumentHelp("Where to.", valueName: "address:port"))
    var target: TransportAddress

    @Option(help: "The address that the packets come from.")
    var from: IPAddress

    @Option(help: "Packets per second.")
    var rate = 10_000

    @Option(help: "For how long.")
    var seconds = 5.0

    /// Datagrams in one system call, and the pause between two, in microseconds.
    private static let (batch, tick) = (64, 200 as UInt64)

    func validate() throws {
        try relay_bench.validate("rate", rate, in: 1...10_000_000)
        try relay_bench.validate("seconds", seconds, in: 0.01...3600)
    }

    func run() throws {
        Interrupt.arm()
        SystemClock.useFineTimers()
        let socket = try UDPSocket(local: TransportAddress(from, port: 0))
        var datagrams = DatagramBatch(capacity: Self.batch, datagramSize: MediaProbe.length)
        for slot in 0..<Self.batch {
            var buffer = datagrams.buffer(slot)
            MediaProbe.prepare(&buffer)
            datagrams.address(slot, length: MediaProbe.length, to: clinux_address(target))
        }
        let pacer = Pacer(rate: UInt64(rate), start: SystemClock.monotonic)
        let total = UInt64(Double(rate) * seconds)
        var (turn, sent): (UInt64, Int) = (0, 0)
        while turn < total, !Interrupt.isRequested {
            let now = SystemClock.monotonic
            // What could not be sent in time is let go.
            turn = max(turn, pacer.due(at: now - min(now, 10_000_000)))
            while turn < min(total, pacer.due(at: now)) {
                let count = Int(min(UInt64(Self.batch), pacer.due(at: now) - turn))
                sent += max(0, datagrams.send(0..<count, through: socket.descriptor))
                turn += UInt64(count)
            }
            SystemClock.sleep(until: now + Self.tick * 1000)
        }
        // Whoever has started this wants to know what came of it: packets a second.
        print(Int(Double(sent) * 1e9 / Double(max(1, SystemClock.monotonic - pacer.start))))
    }
}
