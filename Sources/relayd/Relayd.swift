internal import DaemonOptions
internal import Dispatch
internal import Foundation
internal import Logging
internal import RelayControl
internal import RelayCore
internal import RelayFailover
internal import RelayKernel
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

    /// Not `async`: the guard and the way to the background need a process without other threads.
    static func main() {
        SystemService.nameProcess("relayd")
        SystemService.tuneAllocator()
        var link: GuardLink?
        do {
            link = try GuardLink(environment: ProcessInfo.processInfo.environment)
            if let link { try start(link.options.current, link: link) }
            switch try parse() {
            case .help(let text): print(text)
            case .version: print("Version: relayd \(version)")
            case .run(let configuration, let notices): try start(configuration, notices)
            }
        } catch {
            fail(error, link)
        }
    }

    /// Ends the process while it has no log yet: the guard has one, and of a relay that is started again nobody sees the
    /// standard error.
    private static func fail(_ error: any Error, _ link: GuardLink?) -> Never {
        if link?.tell(.failed(why: "\(error)")) != true { SystemService.writeError("relayd: \(error)\n") }
        exit(usageStatus)
    }

    /// Ends the process when the log has taken what is left, or does not.
    private static func leave(_ status: Int32, _ output: LogOutput) -> Never {
        output.flush()
        exit(status)
    }

    /// Ends the process with the reason in the log, and where who has started it looks.
    private static func fail(_ error: any Error, _ output: LogOutput, _ log: Logger) -> Never {
        log.critical("\(error)")
        if !output.isStandardError { SystemService.writeError("relayd: \(error)\n") }
        leave(usageStatus, output)
    }

    /// Reads the command line and what it names; again at SIGHUP.
    @Sendable private static func parse() throws(OptionError) -> ParseResult {
        try Configuration.parse(
            arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment,
            host: .current, readFile: FileContents.init(of:))
    }

    /// Becomes a guard, which starts this program again as the relay, or the relay itself.
    private static func start(
        _ configuration: Configuration, _ notices: [OptionNotice] = [], link: GuardLink? = nil
    ) throws -> Never {
        let announce = try AnnounceMethod(configuration)
        // A log or a routing daemon that goes away takes nobody along.
        SystemService.ignore(SIGPIPE)
        SystemService.raiseOpenFiles()
        let settings = LogSettings(configuration)
        let daemon = configuration.foreground || link != nil || configuration.flushKernel ? nil : try Daemon()
        if !configuration.logStderr {
            SystemService.openLog(name: configuration.logName, facility: configuration.logFacility.number)
        }
        let output = try LogOutput(settings.options)
        LoggingSystem.bootstrap { _ in RelayLogHandler(settings, write: output.write) }
        let log = Logger(label: "relayd")
        let surroundings = Surroundings(
            link: link, announce: announce, settings: settings, output: output, log: log,
            tellReady: {
                try daemon?.ready()
                try ServiceManager.ready()
            })
        do {
            if configuration.flushKernel {
                try KernelForwarding.flush(configuration, log: log)
                leave(0, output)
            }
            for notice in notices { log.log(level: Logger.Level(notice.level), "\(notice.text)") }
            if link == nil, !configuration.noGuard { leave(try guardRelay(configuration, surroundings), output) }
            let pidfile = try link == nil ? configuration.pidfile.map { try PIDFile(at: $0, log: log) } : nil
            // Those for the log do no harm before their service listens to them.
            for signal in [SIGHUP, SIGUSR1, SIGUSR2] { SystemService.ignore(signal) }
            Task {
                do {
                    try await run(configuration, surroundings)
                    pidfile?.remove()
                    leave(0, output)
                } catch {
                    fail(error, output, log)
                }
            }
        } catch {
            fail(error, output, log)
        }
        dispatchMain()
    }

    /// Starts the relay as a child and guards it until it ends; returns the exit status.
    private static func guardRelay(_ configuration: Configuration, _ surroundings: Surroundings) throws -> Int32 {
        let log = surroundings.log
        var guardian = try Guard(
            configuration, announce: surroundings.announce, log: log, tellReady: surroundings.tellReady)
        let pidfile = try configuration.pidfile.map { try PIDFile(at: $0, log: log) }
        let status = guardian.run()
        pidfile?.remove()
        return status
    }

    /// What the process has around it.
    private struct Surroundings: Sendable {
        let link: GuardLink?
        let announce: AnnounceMethod?
        let settings: LogSettings
        let output: LogOutput
        let log: Logger
        /// Tells whoever started the process, without a guard in between.
        let tellReady: @Sendable () throws -> Void
    }

    private static func run(_ configuration: Configuration, _ surroundings: Surroundings) async throws {
        let (link, settings, log) = (surroundings.link, surroundings.settings, surroundings.log)
        // What comes while the relay starts is done when it has.
        let signals = await UnixSignalsSequence(trapping: ReloadService.signals)
        let kernel = KernelForwarding(configuration, log: log)
        let portSockets = PortSocketChoice(configuration, log: log)
        var relayConfiguration = Relay.Configuration(configuration, log: log)
        let steered = try portSockets.steering()
        relayConfiguration.occupiedPorts = steered?.occupied ?? []
        let relay = try Relay(
            relayConfiguration, runsHousekeeping: true, steering: steered?.steering, makePlane: kernel.plane)
        defer { relay.stop() }
        try portSockets.report(relay, isSteered: steered != nil)
        let room = try ControlRoom(configuration, relay: relay, settings: settings, log: log)
        defer { room.stop() }
        let dispatcher = NGDispatcher(
            relay: relay, log: log, defaults: configuration.sipSource ? ["SIP-source-address"] : [],
            templates: configuration.flagTemplates, statistics: room.control, traced: room.traced,
            operations: room.gateway)
        room.operations.add(UnsupportedFigures(dispatcher: dispatcher))
        // Calls that are in the store already are back before anybody can ask for them.
        let shared = try await SharedCalls(configuration, relay: relay, log: log)
        defer { shared?.stop() }
        let failover = try Failover(
            configuration, relay: relay, kernel: kernel, shared: shared, link: link, method: surroundings.announce,
            log: log)
        let listeners = try await Listeners(
            configuration, sockets: link?.sockets, handler: dispatcher, operations: room.operations, log: log)
        try failover.beat(through: listeners.ask)
        let live = room.open(configuration, listeners: listeners, link: link, log: log)
        room.operations.add(surroundings.output)
        room.operations.add(listeners)
        room.operations.add(kernel)
        shared?.register(with: room.operations)
        failover.register(with: room.operations)

        let hold = HoldService {
            if let link {
                if !configuration.foreground { try SystemService.leaveTerminal() }
                link.tell(.ready, remains: steered?.steering.remains ?? [])
            } else {
                try surroundings.tellReady()
            }
            log.notice("relayd \(version) is ready: NG on \(configuration.listenNG + configuration.listenTCPNG)")
        }
        let services = ServiceGroup(
            services: [
                ReloadService(signals, configuration: live, settings: settings, log: log, parse: parse),
                room.service, AdoptionService(kernel: kernel, shared: shared), failover, hold,
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: log)
        try await services.run()

        link?.tell(.leaving)
        // Whoever asks once more means it. A guard sees to that by itself, and what asks it may ask us too: all processes of
        // a unit, or of a terminal, get the signal.
        let isGuarded = link?.endsWithGuard() == true
        for signal in [SIGTERM, SIGINT] {
            if isGuarded { SystemService.ignore(signal) } else { SystemService.restoreDefault(of: signal) }
        }
        log.notice("relayd stops; \(relay.callCount) calls are left")
        if link == nil { try ServiceManager.stopping() }
        await failover.drain()
        await listeners.stop()
    }
}

extension Logger.Level {
    /// The level at which what the options gave rise to is logged.
    init(_ level: OptionNotice.Level) {
        switch level {
        case .information: self = .info
        case .notice: self = .notice
        case .warning: self = .warning
        }
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
