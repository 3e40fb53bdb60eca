internal import RelayCore
internal import RelayOperations
internal import ServiceLifecycle

/// Looks at the relay's traffic and the machine's load once a second.
struct OperationsService: Service {
    let figures: RelayFigures
    let monitor: LoadMonitor

    func run() async throws {
        _ = try? await cancelWhenGracefulShutdown {
            var reader = SystemLoadReader()
            while true {
                monitor.check(reader.read(), figures.measure(at: SystemClock.monotonic))
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}
