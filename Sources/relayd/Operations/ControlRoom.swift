internal import DaemonOptions
internal import Logging
internal import RelayControl
internal import RelayCore
internal import RelayOperations

/// What operators see of the relay, and how they tell it things: numbers, the console, settings, records.
struct ControlRoom: Sendable {
    /// Every part registers its numbers and console commands here.
    let operations = Operations()
    /// Where NG commands are counted.
    let control = ControlStatistics()
    /// Calls whose NG commands are logged.
    let traced = TracedCalls()
    /// Answers the NG commands `statistics` and `cli`.
    let gateway: ControlGateway
    /// Looks at the relay once a second.
    let service: OperationsService

    private let relay: Relay
    private let settings: LogSettings
    private let figures: RelayFigures
    private let monitor: LoadMonitor
    private let records: RecordWriter

    init(_ configuration: Configuration, relay: Relay, settings: LogSettings, log: Logger) throws(SystemError) {
        (self.relay, self.settings) = (relay, settings)
        figures = RelayFigures(relay: relay, control: control)
        gateway = ControlGateway(figures: figures, console: operations.console)
        monitor = LoadMonitor(relay: relay, log: log)
        records = try RecordWriter(configuration, settings, log)
        service = OperationsService(
            figures: figures, monitor: monitor,
            graphite: GraphiteSender.start(
                configuration, relay: relay, control: control, figures: figures, operations: operations, log: log))
        monitor.apply(configuration)
        relay.reportEnds(to: records)
    }

    /// Registers all commands; the options that they change are those that are returned.
    func open(_ configuration: Configuration, listeners: Listeners, link: GuardLink?, log: Logger) -> LiveConfiguration
    {
        let live = LiveConfiguration(link?.options.start ?? configuration, current: configuration) {
            [relay, settings, monitor] now in
            relay.apply(now)
            settings.setLevels(LogSettings.Levels(now))
            listeners.setTOS(now.controlTOS)
            monitor.apply(now)
            link?.keep(now, log: log)
        }
        let name = configuration.softwareID ?? "relayd-\(Relayd.version)"
        operations.add(
            ConsoleFunction("version", help: "name and version") { _ in
                ConsoleReply("\(name)\n", data: ["name": .string(name), "version": .string(Relayd.version)])
            })
        operations.add(figures)
        operations.add(records)
        for command in FigureCommands.all(relay, figures, operations) { operations.add(command) }
        let isShared = [configuration.redis, configuration.redisWrite, configuration.redisSubscribe].contains {
            $0 != nil
        }
        for command in CallCommands.all(relay, traced) + TraceCommands.all(relay, traced)
            + OwnershipCommands.all(relay, isShared: isShared) + SettingCommands.all(live) + RefusedCommands.all
        {
            operations.add(command)
        }
        return live
    }

    /// Writes the records that are left.
    func stop() { records.stop() }
}
