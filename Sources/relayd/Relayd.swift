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
        let portSockets = PortSocketChoice(configuration, log: log)
        let relay = try Relay(
            Relay.Configuration(configuration, log: log), runsHousekeeping: true,
            steering: try portSockets.steering(), makePlane: kernel.plane)
        defer { relay.stop() }
        try portSockets.report(relay)
        let room = try ControlRoom(configuration, relay: relay, settings: settings, log: log)
        defer { room.stop() }
        let dispatcher = NGDispatcher(
            relay: relay, log: log, statistics: room.control, operations: room.gateway)
        // Calls that are in the store already are back before anybody can ask for them.
        let shared = try await SharedCalls(configuration, relay: relay, log: log)
        defer { shared?.stop() }
        let listeners = try await Listeners(configuration, handler: dispatcher, operations: room.operations)
        let live = room.open(configuration, listeners: listeners)
        room.operations.add(kernel)
        shared?.register(with: room.operations)
        let pidfile = try configuration.pidfile.map { try PIDFile(at: $0) }

        let hold = HoldService {
            try daemon?.ready()
            try ServiceManager.ready()
            log.notice("relayd \(version) is ready: NG on \(configuration.listenNG)")
        }
        let services = ServiceGroup(
            services: [
                ReloadService(configuration: live, settings: settings, log: log, parse: parse),
                room.service, AdoptionService(kernel: kernel, shared: shared), hold,
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
