internal import ArgumentParser
internal import DaemonOptions
internal import Foundation
internal import HostTuning
internal import NIOCore
internal import RelayCore
internal import WireFormat

struct Tune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What this host should be set to for the relay, and why; --apply does it.",
        discussion: """
            Looks at the network cards that the relay's packets come through, and at the kernel, and compares them with what \
            the relay's configuration file asks for. Nothing is changed without --apply. Settings last until the system \
            starts again.
            """)

    @Flag(help: "Make the changes, as root.") var apply = false
    @Option(name: .customLong("interface"), help: "Look at this interface (those with the relay's addresses).")
    var interfaces: [String] = []
    @Option(
        help: "What a card chooses queues by: ports (of the relay), addresses, flows (addresses and ports), or auto.",
        transform: { text in
            guard let choice = SteeringChoice(rawValue: text) else {
                throw ValidationError("'\(text)' is none of auto, ports, addresses and flows")
            }
            return choice
        })
    var steer = SteeringChoice.automatic
    @OptionGroup var source: ConfigurationSource
    @Option(help: "A script that takes back what --apply has changed.") var undoFile = "/run/relayctl-tune-undo"
    @Flag(help: "Print JSON, for scripts.") var json = false

    func run() async throws {
        let devices = try System.enumerateDevices().map { device in
            HostReader.Device(name: device.name, index: device.interfaceIndex, address: device.mediaAddress)
        }
        let reader = HostReader(devices: devices, cores: SystemThread.availableCores)
        let tuner = Tuner(
            RelayDemand(try Configuration(reading: source.arguments), self), undo: UndoList(path: undoFile),
            host: RunningHost(reader))
        do {
            if apply { try change(by: tuner) } else { try show(try tuner.plan()) }
        } catch let error as TuningError {
            throw ValidationError("\(error)")
        }
    }

    private func show(_ plan: TuningPlan) throws {
        print(json ? try Self.text(PlanOutput(plan)) : plan.text, terminator: "")
    }

    private func change(by tuner: Tuner) throws {
        var outcomes: [ChangeOutcome] = []
        // Each as it comes: a change may take seconds, and not all of them have to be reached.
        let result = Result { () throws(TuningError) in
            try tuner.apply { outcome in
                outcomes.append(outcome)
                if !json { Self.tell(outcome) }
            }
        }
        let refused = outcomes.filter { $0.refusal != nil }.count
        if json {
            Self.say(try Self.text(outcomes.map(OutcomeOutput.init)))
        } else {
            let wayBack = outcomes.count > refused ? " To take it back: sh \(undoFile)" : ""
            Self.say("\(outcomes.count - refused) done, \(refused) refused.\(wayBack)\n")
        }
        _ = try result.get()
        if refused > 0 { throw ExitCode.failure }
    }

    private static func tell(_ outcome: ChangeOutcome) {
        say(
            outcome.refusal.map { "refused  \(outcome.change.command)\n         \($0)\n" }
                ?? "done     \(outcome.change.command)\n")
    }

    /// Writes at once, whoever reads it.
    private static func say(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    private static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}

extension RelayDemand {
    /// What a relay with these options wants.
    init(_ options: Configuration, _ command: Tune) {
        self.init()
        addresses = (options.interfaces + options.backupInterfaces).compactMap { MediaInterface($0)?.local }
        ports = options.portMin...options.portMax
        mediaThreads = options.mediaThreads
        isPinned = options.socketCPUAffinity != 0
        usesKernel = options.table >= 0
        hasSocketsForPorts = options.portSockets == .each
        maximumSessions = options.maxSessions
        interfaces = command.interfaces
        steering = command.steer
        configurationFile = command.source.configFile ?? Configuration.defaultFile
    }
}

/// A plan as JSON.
private struct PlanOutput: Encodable {
    struct Step: Encodable {
        let subject: String
        let topic: String
        let now: String
        let wanted: String?
        let reason: String
        let commands: [String]
        let advice: [String]
    }

    let heading: [String]
    let steps: [Step]

    init(_ plan: TuningPlan) {
        heading = plan.heading
        steps = plan.steps.map { step in
            Step(
                subject: step.subject, topic: step.topic, now: step.now, wanted: step.wanted, reason: step.reason,
                commands: step.changes.map(\.command), advice: step.advice)
        }
    }
}

private struct OutcomeOutput: Encodable {
    let command: String
    let refusal: String?

    init(_ outcome: ChangeOutcome) { (command, refusal) = (outcome.change.command, outcome.refusal) }
}
