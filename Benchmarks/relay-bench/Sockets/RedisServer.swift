import WireFormat

/// A Redis without files, for the time that something is measured.
enum RedisServer {
    /// Starts one where nobody listens.
    static func start(_ path: String, at listener: TransportAddress) throws(BenchError) -> ChildProcess {
        try ChildProcess(
            path,
            [
                "--bind", "\(listener.address)", "--port", "\(listener.port)", "--save", "", "--appendonly", "no",
                "--protected-mode", "no",
            ])
    }

    /// Free now; nobody else takes it in the moment until Redis does.
    static func freePort(at address: IPAddress) throws(BenchError) -> TransportAddress {
        try UDPSocket(local: TransportAddress(address, port: 0)).local
    }
}
