internal import DaemonOptions
internal import Foundation
internal import Logging
internal import RelayControl
internal import RelayCore
internal import RelayOperations
internal import RelayStore
internal import ServiceLifecycle
internal import UnixSignals
internal import WireFormat

/// The daemon: reads its options, puts the parts together, and runs until it is told to stop.
@main
struct Relayd {
    static let version = "0.1.0"
    /// Exit status for options, addresses and files that cannot be used.
    private static let usageStatus: Int32 = 2

    static func main() async {
        SystemService.tuneAllocator()
        do {
            switch try parse() {
            case .help(let text): print(text)
            case .version: print("Version: relayd \(version)")
            case .run(let configuration, let notices): try await run(configuration, notices)
            }
        } catch {
            FileHandle.standardError.write(Data("relayd: \(error)\n".utf8))
            exit(usageStatus)
        }
    }

    /// Reads the command line and what it names; again at SIGHUP.
    @Sendable private static func parse() throws(OptionError) -> ParseResult {
        try Configuration.parse(
            arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment,
            host: .current, readFile: contents)
    }

    private static func contents(of path: String) -> FileContents {
        guard FileManager.default.fileExists(atPath: path) else { return .missing }
        do {
            return .text(try String(contentsOfFile: path, encoding: .utf8))
        } catch {
            return .unreadable(error.localizedDescription)
        }
    }

    private static func run(_ configuration: Configuration, _ notices: [OptionNotice]) async throws {
        let daemon = configuration.foreground || configuration.flushKernel ? nil : try Daemon()
        let settings = LogSettings(configuration)
        if !configuration.logStderr {
            SystemService.openLog(name: configuration.logName, facility: configuration.logFacility.number)
        }
        LoggingSystem.bootstrap { _ in RelayLogHandler(settings) }
        let log = Logger(label: "relayd")
        for notice in notices {
            log.log(level: notice.level == .warning ? .warning : .info, "\(notice.text)")
        }

        if configuration.flushKernel { return try KernelForwarding.flush(configuration, log: log) }
        let kernel = KernelForwarding(configuration, log: log)
        let relay = try Relay(
            Relay.Configuration(configuration, log: log), runsHousekeeping: true, makePlane: kernel.plane)
        defer { relay.stop() }
        // Every part registers its numbers and console commands here.
        let operations = Operations()
        let control = ControlStatistics()
        let figures = RelayFigures(relay: relay, control: control)
        let gateway = ControlGateway(figures: figures, console: operations.console)
        let dispatcher = NGDispatcher(relay: relay, log: log, statistics: control, operations: gateway)
        // Calls that are in the store already are back before anybody can ask for them.
        let shared = try await SharedCalls(configuration, relay: relay, log: log)
        defer { shared?.stop() }
        let listeners = try await Listeners(configuration, handler: dispatcher, operations: operations)
        let monitor = LoadMonitor(relay: relay, log: log)
        monitor.apply(configuration)
        let live = LiveConfiguration(configuration) { now in
            relay.apply(now)
            settings.setLevels(LogSettings.Levels(now))
            listeners.setTOS(now.controlTOS)
            monitor.apply(now)
        }
        operations.add(figures)
        operations.add(kernel)
        for command in FigureCommands.all(relay, figures, operations) { operations.add(command) }
        for command in CallCommands.all(relay) + SettingCommands.all(live) + RefusedCommands.all {
            operations.add(command)
        }
        shared?.register(with: operations)
        let pidfile = try configuration.pidfile.map { try PIDFile(at: $0) }

        let hold = HoldService {
            try daemon?.ready()
            try ServiceManager.ready()
            log.notice("relayd \(version) is ready: NG on \(configuration.listenNG)")
        }
        let services = ServiceGroup(
            services: [
                ReloadService(configuration: live, settings: settings, log: log, parse: parse),
                OperationsService(figures: figures, monitor: monitor),
                AdoptionService(kernel: kernel, shared: shared), hold,
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: log)
        try await services.run()

        log.notice("relayd stops; \(relay.callCount) calls are left")
        try ServiceManager.stopping()
        await listeners.stop()
        try pidfile?.remove()
    }
}

/// Says that everything is ready, now that signals are being caught, and keeps the process running until it is asked to
/// end.
private struct HoldService: Service {
    let ready: @Sendable () throws -> Void

    func run() async throws {
        try ready()
        try await gracefulShutdown()
    }
}
