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
    private struct State {
        var connection = Connection.closed
        /// The log says so already. What fails is tried again each interval, and a balancer without servers takes every
        /// connection only to close it.
        var isFailing = false

        /// A failure; whether it is a new one.
        mutating func fail() -> Bool {
            defer { (connection, isFailing) = (.closed, true) }
            return !isFailing
        }
    }

    private enum Connection {
        case closed
        case connecting
        case open(any Channel)
    }

    private let server: TransportAddress
    private let timeout: Duration
    private let log: Logger
    private let state = Mutex(State())

    /// - Parameter timeout: how long a connection may take.
    init(_ server: TransportAddress, timeout: Duration, log: Logger) {
        (self.server, self.timeout, self.log) = (server, timeout, log)
    }

    /// Sends lines, or loses them. Does not wait.
    func send(_ lines: String) {
        let (channel, isBack) = state.withLock { state -> ((any Channel)?, Bool) in
            switch state.connection {
            case .open(let channel):
                // It has lasted from one report to the next.
                defer { state.isFailing = false }
                return (channel, state.isFailing)
            case .connecting: return (nil, false)
            case .closed:
                state.connection = .connecting
                connect(sending: lines)
                return (nil, false)
            }
        }
        if isBack { log.notice("graphite at \(server) takes reports again") }
        // A server that does not read must not fill our memory.
        guard let channel, channel.isWritable else { return }
        channel.writeAndFlush(ByteBuffer(string: lines), promise: nil)
    }

    func stop() {
        if case .open(let channel) = state.withLock({ $0.connection }) { channel.close(promise: nil) }
    }

    private func connect(sending lines: String) {
        ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(TimeAmount(timeout))
            .connect(host: server.address.description, port: Int(server.port))
            .whenComplete { [self] result in
                switch result {
                case .success(let channel):
                    let isFailing = state.withLock { state in
                        state.connection = .open(channel)
                        return state.isFailing
                    }
                    if !isFailing { log.notice("connected to graphite at \(server)") }
                    channel.closeFuture.whenComplete { _ in
                        self.fail("the connection to graphite at \(self.server) is lost")
                    }
                    channel.writeAndFlush(ByteBuffer(string: lines), promise: nil)
                case .failure(let error): fail("graphite at \(server) cannot be reached: \(error)")
                }
            }
    }

    private func fail(_ text: String) {
        if state.withLock({ $0.fail() }) { log.warning("\(text)") }
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
