import ArgumentParser
import CBench
import CLinux
import WireFormat

/// What `compare --bare` starts beside relays.
struct ForwardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward", abstract: "Sends datagrams of two programs on to each other.", shouldDisplay: false)

    /// Printed as soon as it receives.
    static let ready = "ready"

    @Argument(help: ArgumentHelp("Where it receives.", valueName: "address:port"))
    var local: TransportAddress

    @Option(help: ArgumentHelp("One end.", valueName: "address:port"))
    var one: TransportAddress

    @Option(help: ArgumentHelp("The other end.", valueName: "address:port"))
    var other: TransportAddress

    func run() throws {
        let socket = try UDPSocket(local: local)
        _ = try socket.setBuffers(MediaEndpoints.bufferBytes)
        StandardError.write(Self.ready + "\n")
        var ends = (clinux_address(one), clinux_address(other))
        // SAFETY: the shim copies both addresses.
        try checked(unsafe cbench_forward(socket.descriptor, &ends.0, &ends.1), "forward")
    }
}
