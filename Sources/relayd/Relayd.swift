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
        do {
            switch try Configuration.parse(
                arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment,
                readFile: contents)
            {
            case .help(let text): print(text)
            case .version: print("Version: relayd \(version)")
            case .run(let configuration, let notices): try await run(configuration, notices)
            }
        } catch {
            FileHandle.standardError.write(Data("relayd: \(error)\n".utf8))
            exit(usageStatus)
        }
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
        let daemon = configuration.foreground ? nil : try Daemon()
        let settings = LogSettings(configuration)
        if !configuration.logStderr {
            SystemService.openLog(name: configuration.logName, facility: configuration.logFacility.number)
        }
        LoggingSystem.bootstrap { _ in RelayLogHandler(settings) }
        let log = Logger(label: "relayd")
        for notice in notices {
            log.log(level: notice.level == .warning ? .warning : .info, "\(notice.text)")
        }

        let relay = try Relay(Relay.Configuration(configuration, log: log))
        defer { relay.stop() }
        let recorder = SessionRecorder(relay: relay, store: InMemorySessionStore(), node: configuration.logName)
        // Every part registers its numbers and console commands here.
        let operations = Operations()
        operations.add(ConsoleFunction("version", help: "name and version") { _ in .init("relayd \(version)\n") })
        let dispatcher = NGDispatcher(relay: relay, log: log)
        let listeners = try await Listeners(configuration, handler: dispatcher)
        let pidfile = try configuration.pidfile.map { try PIDFile(at: $0) }

        let hold = HoldService {
            try daemon?.ready()
            try ServiceManager.ready()
            log.notice("relayd \(version) is ready: NG on \(configuration.listenNG)")
        }
        let services = ServiceGroup(
            services: [LogLevelService(settings: settings, log: log), hold],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: log)
        try await services.run()

        log.notice("relayd stops; \(relay.callCount) calls are left")
        try ServiceManager.stopping()
        await listeners.stop()
        try pidfile?.remove()
        withExtendedLifetime(recorder) {}
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

/// All addresses on which commands are answered.
private struct Listeners {
    private let udp: [UDPListener]
    private var tcp: [TCPListener] = []

    init(_ configuration: Configuration, handler: any NGMessageHandler) async throws {
        udp = try configuration.listenNG.map {
            try UDPListener(at: $0, tos: configuration.controlTOS, handler: handler)
        }
        for address in configuration.listenTCPNG {
            tcp.append(try await TCPListener.start(at: address, handler: handler))
        }
    }

    func stop() async {
        for listener in udp { listener.stop() }
        // One that is closed already is what we want.
        for listener in tcp { try? await listener.stop() }
    }
}
