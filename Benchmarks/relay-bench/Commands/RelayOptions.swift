public import ArgumentParser
public import WireFormat

extension TransportAddress: ExpressibleByArgument {
    /// Reads what the command line says; `nil` makes it an error.
    public init?(argument: String) { self.init(argument) }
}

extension IPAddress: ExpressibleByArgument {
    /// Reads what the command line says; `nil` makes it an error.
    public init?(argument: String) { self.init(argument) }
}

/// Where the relay is, and where the generator is.
struct RelayOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The relay's NG listener (UDP).", valueName: "address:port"))
    var ng = TransportAddress(IPAddress(ipv4: 0x7F00_0001), port: 2223)

    @Option(
        help: ArgumentHelp(
            "The address that media is sent from and received at (default: the one that reaches the relay).",
            valueName: "address"))
    var address: IPAddress?

    /// The generator's own address.
    func mediaAddress() throws(BenchError) -> IPAddress {
        if let address { return address }
        return try UDPSocket.localAddress(towards: ng)
    }
}

/// Checks a number that the command line gives; the text names option and range.
func validate<Number: Comparable>(_ name: String, _ value: Number, in range: ClosedRange<Number>) throws {
    guard range.contains(value) else {
        throw ValidationError("--\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value).")
    }
}
