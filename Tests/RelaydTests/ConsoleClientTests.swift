import Glibc
import RelayTestSupport
import Testing
import WireFormat

/// The console as operators use it: with rtpengine's own client.
@Suite("The console with rtpengine-ctl", .serialized, .enabled(if: RelayProcess.isOurOwn, "texts of our own relay"))
struct ConsoleClientTests {
    private static func start(
        _ run: TestRun, ports: UInt16 = 60, others: [String] = []
    ) async throws -> (RelayProcess, Client) {
        let network = try LoopbackNetwork(portCount: ports)
        let console = TransportAddress(network.host(1), port: network.ports.lowerBound + 1)
        let relay = try await RelayProcess.start(
            RelayProcess.Options(on: network, others: ["--listen-cli=\(console)"] + others), in: run)
        return (relay, Client(run: run, address: console))
    }

    /// `rtpengine-ctl`, run once for each command.
    private struct Client {
        let run: TestRun
        let address: TransportAddress

        func ask(_ words: String) async throws -> String {
            let name = "ctl-" + words.replacing(" ", with: "-").replacing("/", with: "-")
            let client = try run.start(
                try Executables.require("rtpengine-ctl"),
                ["--config-file=/dev/null", "--ip=\(address.address)", "--port=\(address.port)"]
                    + words.split(separator: " ").map(String.init), name: name)
            #expect(try await client.exitStatus() == 0, "\(client.log)")
            return client.log
        }
    }

    private static func offer(_ id: String) -> String {
        let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
        return "d7:command5:offer7:call-id\(id.utf8.count):\(id)8:from-tag1:f3:sdp\(sdp.utf8.count):\(sdp)"
            + "8:supportsl10:load limitee"
    }

    @Test("lists, describes and ends calls", .timeLimit(.minutes(10)))
    func calls() async throws {
        try await withTestRun("console-calls") { run in
            let (relay, client) = try await Self.start(run)
            #expect(try await client.ask("list sessions all") == "No sessions on this media relay.\n")
            for id in ["one", "two"] { #expect(try await relay.client.send(Self.offer(id)).contains("result2:ok")) }

            let numbers = try await client.ask("list numsessions")
            #expect(
                numbers == """
                    Current sessions own: 2
                    Current sessions foreign: 0
                    Current sessions total: 2
                    Current transcoded media: 0
                    Current sessions ipv4 only media: 0
                    Current sessions ipv6 only media: 0
                    Current sessions ip mixed  media: 0

                    """)
            let list = try await client.ask("get sessions own").split(separator: "\n")
            #expect(list.count == 2)
            let line =
                #/callid: {54,}(one|two) \| deletionmark:  no \| created: {2}[0-9]{10} \| proxy:127[0-9.:]+ \| redis_keyspace:0 \| foreign:no/#
            for entry in list { #expect(entry.wholeMatch(of: line) != nil, "\(entry)") }
            let call = try await client.ask("list sessions one")
            #expect(call.contains("--- Tag 'f', type: FROM_TAG, label '', branch '', callduration "))
            #expect(call.contains("------ Media #1 (audio over RTP/AVP) using PCMA/8000\n-------- Port "))

            #expect(try await client.ask("terminate nix") == "\nCall Id not found (nix).\n\n")
            #expect(
                try await client.ask("terminate one") == "\nCall Id (one) successfully terminated by operator.\n\n")
            #expect(try await client.ask("terminate all") == "All calls terminated by operator.\n")
            #expect(try await relay.holdings().calls == "d5:callsle6:result2:oke")
            let totals = try await client.ask("list totals")
            #expect(totals.contains(" Total forced terminated sessions                :2\n"))
            #expect(totals.contains(" Total managed sessions                          :2\n"))
        }
    }

    @Test("changes limits while calls run, and a full relay says so as rtpengine does", .timeLimit(.minutes(10)))
    func settings() async throws {
        try await withTestRun("console-settings") { run in
            let (relay, client) = try await Self.start(run)
            #expect(try await client.ask("set maxsessions 0") == "Success setting maxsessions to 0\n")
            #expect(
                try await client.ask("list maxsessions") == "Maximum sessions configured on rtpengine: 0\n")
            let refused = try await relay.client.send(Self.offer("one"))
            #expect(refused == "d6:result10:load limit7:message30:Parallel session limit reachede")
            #expect(try await client.ask("params diff") == "max-sessions: -1 => 0\n")
            #expect(try await client.ask("params revert") == "")
            #expect(try await relay.client.send(Self.offer("one")).contains("result2:ok"))
            #expect(
                try await client.ask("set timeout x")
                    == "Fail setting timeout to x; 'x' is not a number from -2147483648 to 2147483647\n")
            #expect(try await client.ask("nonsense") == "Unknown or incomplete command::nonsense\n")
        }
    }

    @Test("SIGHUP takes over what may change, says what takes a restart, and ends nothing", .timeLimit(.minutes(10)))
    func reload() async throws {
        try await withTestRun("console-reload") { run in
            let file = run.path(of: "relay.conf")
            try Text.write("[rtpengine]\ntimeout = 30\n", to: file)
            let (relay, client) = try await Self.start(run, others: ["--config-file=\(file)"])
            #expect(try await relay.client.send(Self.offer("one")).contains("result2:ok"))
            try Text.write("[rtpengine]\ntimeout = 40\nsoftware-id = other\nmos = LQ\nmax-sesions = 9\n", to: file)

            relay.process.signal(SIGHUP)

            _ = try await eventually("the log tells what has changed") {
                ["software-id: (null) => other", "mos: cq => lq"].allSatisfy {
                    relay.process.log.contains("takes a restart: \($0)")
                } ? true : nil
            }
            #expect(relay.process.log.contains("SIGHUP: \(file):5: 'max-sesions' is not an option"))
            #expect(try await client.ask("list timeout") == "TIMEOUT=40\n")
            try Text.write("[rtpengine]\ntimeout = soon\n", to: file)
            relay.process.signal(SIGHUP)
            _ = try await eventually("the log tells the mistake") {
                relay.process.log.contains("SIGHUP: nothing changed: \(file):2: timeout: 'soon'") ? true : nil
            }
            #expect(try await client.ask("list timeout") == "TIMEOUT=40\n")
            #expect(try await relay.holdings().calls == "d5:callsl3:onee6:result2:oke")
        }
    }

    @Test("the log level that is shown is the one that counts, also after SIGUSR1", .timeLimit(.minutes(10)))
    func logLevels() async throws {
        try await withTestRun("console-levels") { run in
            let (relay, client) = try await Self.start(run)
            for level in [5, 4] {
                relay.process.signal(SIGUSR1)
                // The log does not tell of level 4: that is worth less than it takes.
                _ = try await eventually("level \(level) is shown") {
                    try await client.ask("list loglevel core") == "\(level)\n" ? true : nil
                }
            }
            #expect(try await client.ask("set loglevel 6") == "Success setting loglevel to 6\n")
            #expect(try await relay.client.send(Self.offer("one")).contains("result2:ok"))
            _ = try await eventually("the offer is logged") {
                relay.process.log.contains("INFO: [one]") ? true : nil
            }
            // Without routes, a drain would be the end of all calls.
            #expect(try await client.ask("drain").hasPrefix("Not available: without --announce"))
            #expect(try await relay.holdings().calls == "d5:callsl3:onee6:result2:oke")
        }
    }

    @Test("hostile input is cut off, and others are served", .timeLimit(.minutes(10)))
    func hostile() async throws {
        try await withTestRun("console-hostile") { run in
            let (_, client) = try await Self.start(run)
            let endless = try await TextConnection.open(client.address)
            try await endless.send(String(repeating: "x", count: 100_000))
            // Closed without an answer.
            #expect(try await endless.everything() == "")
            var silent: [TextConnection] = []
            for _ in 0..<100 { silent.append(try await TextConnection.open(client.address)) }
            // 64 connections are let in, the others are closed at once.
            #expect(try await silent[99].everything() == "")
            for connection in silent { try await connection.close() }
            _ = try await eventually("places are free again") {
                try await client.ask("ping") == "pong\n" ? true : nil
            }
        }
    }

    @Test("a client that has said all when it has sent its line gets its answer", .timeLimit(.minutes(10)))
    func halfClosed() async throws {
        try await withTestRun("console-half-closed") { run in
            let (_, client) = try await Self.start(run)
            for line in ["list timeout\n", "list timeout"] {
                let connection = try await TextConnection.open(client.address, closesHalf: true)
                try await connection.send(line)
                try await connection.closeOutput()
                #expect(try await connection.everything() == "TIMEOUT=60\n")
            }
            let mute = try await TextConnection.open(client.address, closesHalf: true)
            try await mute.closeOutput()
            #expect(try await mute.everything() == "")
        }
    }

    @Test("clients that never read their answers do not keep their places", .timeLimit(.minutes(10)))
    func neverRead() async throws {
        try await withTestRun("console-never-read") { run in
            let (relay, client) = try await Self.start(run, ports: 610, others: ["--http-idle-timeout=1"])
            // Names that make a list longer than what the system ever holds for a client.
            for number in 0..<140 {
                let id = "\(number)-" + String(repeating: "x", count: 50_000)
                #expect(try await relay.client.send(Self.offer(id)).contains("result2:ok"))
            }
            var stuck: [TextConnection] = []
            for _ in 0..<64 {
                let connection = try await TextConnection.open(client.address, reads: false)
                try await connection.send("list sessions all\n")
                stuck.append(connection)
            }
            _ = try await eventually("places are free again") {
                try await client.ask("ping") == "pong\n" ? true : nil
            }
            for connection in stuck { try await connection.close() }
        }
    }
}
