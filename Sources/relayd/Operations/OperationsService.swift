internal import RelayCore
internal import RelayOperations
internal import ServiceLifecycle

/// Looks at the relay's traffic and the machine's load once a second.
struct OperationsService: Service {
    let figures: RelayFigures
    let monitor: LoadMonitor
    let graphite: (reporter: GraphiteReporter, sender: GraphiteSender)?

    func run() async throws {
        _ = try? await cancelWhenGracefulShutdown {
            var reader = SystemLoadReader()
            while true {
                monitor.check(reader.read(), figures.measure(at: SystemClock.monotonic))
                if let graphite, let lines = graphite.reporter.tick(at: SystemClock.wall / 1_000_000_000) {
                    graphite.sender.send(lines)
                }
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}
