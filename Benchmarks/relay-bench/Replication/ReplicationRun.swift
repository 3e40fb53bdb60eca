import RelayBenchKit
import WireFormat

/// Relays with their calls in Redis: commands per second, and how long a restart takes that brings all calls back.
struct ReplicationRun {
    let programs: [RelayProgram]
    /// The Redis to start.
    let redis: String
    let seconds: Double
    let rounds: Int
    /// Calls that are up at a restart.
    let calls: Int
    let relayAddress: IPAddress
    let generatorAddress: IPAddress
    let progress: (String) -> Void

    /// Calls that are up while commands are counted. A call that ends within milliseconds need not be stored by anybody, and
    /// relayd does not.
    private static let standing = 1000
    /// Calls for which there are ports on one address.
    private static let callsPerAddress = 5_000

    /// What one relay showed, all rounds together.
    private struct Side {
        var control: [ControlResult] = []
        /// Nanoseconds from the start of the program to its first answer: without calls, and with.
        var starts: [(empty: UInt64, restored: UInt64)] = []
        /// Nanoseconds of CPU time that Redis has spent, and for how many commands.
        var redisTime: UInt64 = 0
        var commands: UInt64 = 0
    }

    /// Measures, and says what came out.
    func lines() throws(BenchError) -> [String] {
        var sides = programs.map { _ in Side() }
        for number in 1...rounds {
            for (index, program) in programs.enumerated() {
                progress("round \(number) of \(rounds), \(program.name)")
                try measure(program, into: &sides[index])
            }
        }
        return table(sides)
    }

    private func measure(_ program: RelayProgram, into side: inout Side) throws(BenchError) {
        let listener = try RedisServer.freePort(at: relayAddress)
        let store = try RedisServer.start(redis, at: listener)
        defer { store.end() }
        var settings = RelayProgram.Settings(
            address: relayAddress, extra: ["--redis=\(listener)/0", "--redis-cmd-timeout=1000"])
        let spread = (calls + Self.callsPerAddress - 1) / Self.callsPerAddress
        settings.others = (1..<max(1, spread)).map { IPAddress(ipv4: UInt32(relayAddress.low) + 16 + UInt32($0)) }
        var relay = try program.start(settings)
        for (index, pace) in ControlPace.compared.enumerated() {
            let before = ProcessSample(of: store.identifier, withDescendants: false)?.cpuTime ?? 0
            let result = try ControlRun(
                relay: relay.listener, pace: pace, seconds: seconds, standing: Self.standing, address: generatorAddress
            ).run()
            if Interrupt.isRequested { throw .interrupted }
            try relay.check()
            let after = ProcessSample(of: store.identifier, withDescendants: false)?.cpuTime ?? before
            side.redisTime += after - before
            side.commands += result.commands
            progress("  \(pace.name): \(Figures.decimal(result.sequencesPerSecond, places: 0)) calls/s")
            if side.control.count == index { side.control.append(result) } else { side.control[index].merge(result) }
        }
        guard calls > 0 else { return relay.end() }
        let empty = relay.startTime
        let audio = { (port: UInt16) in
            AudioDescription(rtp: TransportAddress(generatorAddress, port: port), rtcpPort: port + 1)
        }
        let client = try NGClient(relay: relay.listener, slots: MediaRun.commandWidth)
        _ = try RelayedCalls.establish(
            calls, over: client, width: MediaRun.commandWidth, offerers: [audio(40_000)], answerers: [audio(40_002)])
        SystemClock.sleep(milliseconds: 500)  // the last changes are on their way; a crash at once would lose some
        relay.kill()
        settings.listener = relay.listener  // no restored call has that port
        relay = try program.start(settings)
        progress("  \(Figures.count(calls, "call")) restored: serves after \(Figures.duration(relay.startTime))")
        side.starts.append((empty, relay.startTime))
        relay.end()
    }

    private func table(_ sides: [Side]) -> [String] {
        var table = TextTable(heading: ["calls in Redis", "unit"] + programs.map(\.name) + ["ratio"])
        func add(_ name: String, _ unit: String, _ values: [Double], places: Int) {
            let ratio = values.count == 2 && values[0] > 0 ? Figures.decimal(values[1] / values[0], places: 2) : "-"
            table.add([name, unit] + values.map { Figures.decimal($0, places: places) } + [ratio])
        }
        for (index, pace) in ControlPace.compared.enumerated() {
            let results = sides.map { $0.control[index] }
            add("offer+answer+delete, \(pace.name)", "/s", results.map(\.sequencesPerSecond), places: 0)
            add("  slowest command", "ms", results.map { Double($0.slowest) / 1e6 }, places: 2)
            add("  errors", "", results.map { Double($0.errors) }, places: 0)
        }
        add(
            "CPU time of Redis per command", "µs",
            sides.map { $0.commands == 0 ? 0 : Double($0.redisTime) / 1000 / Double($0.commands) }, places: 1)
        if calls > 0 {
            func mean(_ values: [UInt64]) -> Double {
                values.isEmpty ? 0 : Double(values.reduce(0, +)) / Double(values.count) / 1e6
            }
            add("start without calls", "ms", sides.map { mean($0.starts.map(\.empty)) }, places: 0)
            add(
                "start that restores \(Figures.grouped(calls)) calls", "ms",
                sides.map { mean($0.starts.map(\.restored)) }, places: 0)
        }
        return table.lines()
    }
}
