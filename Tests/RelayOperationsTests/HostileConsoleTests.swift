import DaemonOptions
import RelayControl
import RelayCore
import RelayOperations
import Testing
import WireFormat

@Suite("The console takes any words")
struct HostileConsoleTests {
    @Test("every command answers whatever follows it, in one line of JSON too")
    func anything() async throws {
        let relay = try Relay(
            Relay.Configuration(interfaces: [MediaInterface(local: IPAddress(ipv4: 0x7F00_0001))]),
            runsHousekeeping: false)
        defer { relay.stop() }
        let operations = Operations()
        let figures = RelayFigures(relay: relay, control: ControlStatistics())
        operations.add(figures)
        let live = LiveConfiguration(Configuration()) { _ in }
        let commands =
            FigureCommands.all(relay, figures, operations) + CallCommands.all(relay, TracedCalls())
            + TraceCommands.all(relay, TracedCalls()) + OwnershipCommands.all(relay, isShared: false)
            + SettingCommands.all(live) + RefusedCommands.all
        for command in commands { operations.add(command) }
        let words = [
            "", "help", "-1", "99999999999999999999", "1e309", "nan", "\u{0}\u{7F}", "\"\\", "all own foreign",
            String(repeating: "9", count: 5_000), "ü\u{301}", "info terminate",
        ]
        for command in commands {
            for word in words {
                let line = command.path.joined(separator: " ") + " " + word
                _ = await operations.console.answer(line)
                let json = await operations.console.answer("--json " + line)
                #expect(json.hasPrefix("{\"result\":\"") && json.count(where: \.isNewline) == 1, "\(line)")
            }
        }
        // Nothing that is no number has become a limit.
        #expect(live.current.maxLoad.isFinite && live.current.maxCPU.isFinite)
    }
}
