internal import DaemonOptions
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import RelayControl
internal import RelayCore
internal import RelayOperations
internal import Synchronization
internal import WireFormat

/// Sends lines to a graphite server over one connection, which is made again when it is lost. Nothing is kept for a
/// server that is away.
final class GraphiteSender: Sendable {
    private enum State {
        case closed
        case connecting
        case open(any Channel)
    }

    private let server: TransportAddress
    private let timeout: Duration
    private let log: Logger
    private let state = Mutex<State>(.closed)

    /// - Parameter timeout: how long a connection may take.
    init(_ server: TransportAddress, timeout: Duration, log: Logger) {
        (self.server, self.timeout, self.log) = (server, timeout, log)
    }

    /// Sends lines, or loses them. Does not wait.
    func send(_ lines: String) {
        let channel = state.withLock { state -> (any Channel)? in
            switch state {
            case .open(let channel): return channel
            case .connecting: return nil
            case .closed:
                state = .connecting
                connect(sending: lines)
                return nil
            }
        }
        // A server that does not read must not fill our memory.
        guard let channel, channel.isWritable else { return }
        channel.writeAndFlush(ByteBuffer(string: lines), promise: nil)
    }

    func stop() {
        if case .open(let channel) = state.withLock({ $0 }) { channel.close(promise: nil) }
    }

    private func connect(sending lines: String) {
        ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(TimeAmount(timeout))
            .connect(host: server.address.description, port: Int(server.port))
            .whenComplete { [self] result in
                switch result {
                case .success(let channel):
                    state.withLock { $0 = .open(channel) }
                    channel.closeFuture.whenComplete { _ in
                        self.state.withLock { $0 = .closed }
                        self.log.warning("the connection to graphite at \(self.server) is lost")
                    }
                    log.notice("connected to graphite at \(server)")
                    channel.writeAndFlush(ByteBuffer(string: lines), promise: nil)
                case .failure(let error):
                    state.withLock { $0 = .closed }
                    log.warning("graphite at \(server) cannot be reached: \(error)")
                }
            }
    }
}

extension GraphiteSender {
    /// What the options ask for; `nil` when they ask for nothing.
    static func start(
        _ configuration: Configuration, relay: Relay, control: ControlStatistics, figures: RelayFigures,
        operations: Operations, log: Logger
    ) -> (reporter: GraphiteReporter, sender: GraphiteSender)? {
        guard let server = configuration.graphite else { return nil }
        // The system gives up after two minutes or so.
        let timeout = configuration.graphiteTimeout == 0 ? 120 : configuration.graphiteTimeout
        let reporter = GraphiteReporter(
            relay: relay, control: control, figures: figures, operations: operations,
            interval: configuration.graphiteInterval, prefix: configuration.graphitePrefix)
        return (reporter, GraphiteSender(server, timeout: .seconds(timeout), log: log))
    }
}
