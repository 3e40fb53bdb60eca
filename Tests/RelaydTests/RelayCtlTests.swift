import RelayTestSupport
import Testing
import WireFormat

/// Our own console client.
@Suite("relayctl", .serialized, .enabled(if: RelayProcess.isOurOwn, "a client of our own relay"))
struct RelayCtlTests {
    /// A relay, and where its console is.
    private static func start(in run: TestRun) async throws -> (RelayProcess, TransportAddress) {
        let network = try LoopbackNetwork(portCount: 40)
        let console = TransportAddress(network.host(1), port: network.ports.lowerBound + 1)
        let options = RelayProcess.Options(on: network, others: ["--listen-cli=\(console)"])
        return (try await RelayProcess.start(options, in: run), console)
    }

    @Test("tables for people, JSON for scripts, and a status for both", .timeLimit(.minutes(10)))
    func commands() async throws {
        try await withTestRun("relayctl") { run in
            let (relay, console) = try await Self.start(in: run)
            let file = run.path(of: "relay.conf")
            try Text.write("[rtpengine]\nlisten-cli = \(console)\n", to: file)
            func ask(_ words: [String], status: Int32 = 0, name: String = #function) async throws -> String {
                let process = try run.start(
                    try Executables.product("relayctl"), words + ["--config-file=\(file)"],
                    name: "relayctl-\(words.joined(separator: "-").filter { $0 != "/" })")
                #expect(try await process.exitStatus() == status, "\(words): \(process.log)")
                return process.log
            }
            let sdp =
                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
            let offer = "d7:command5:offer7:call-id3:one8:from-tag1:f3:sdp\(sdp.utf8.count):\(sdp)e"
            #expect(try await relay.client.send(offer).contains("result2:ok"))

            let calls = try await ask(["calls"]).split(separator: "\n")
            #expect(calls.first == "CALL-ID  AGE   STATE  PROXY")
            #expect(calls.dropFirst().first?.hasPrefix("one      0:0") == true)
            #expect(calls.last == "1 calls")
            let terminal = "\u{1B}]0;x\u{7}\n"
            let hostile =
                "d7:command5:offer7:call-id8:two\(terminal.prefix(5))8:from-tag1:f3:sdp\(sdp.utf8.count):\(sdp)e"
            #expect(try await relay.client.send(hostile).contains("result2:ok"))
            #expect(try await ask(["calls", "--own"]).contains("two?]0;x  0:0"))
            #expect(try await ask(["terminate", "two\u{1B}]0;x"]).contains("successfully terminated"))
            #expect(try await ask(["calls", "--json"]).hasPrefix(#"[{"callid":"one","created":"#))
            let call = try await ask(["call", "one"])
            #expect(call.contains("f    audio PCMA/8000  \(console.address):"), "\(call)")
            #expect(try await ask(["status"]).contains("calls   1 own, 0 of other relays"))
            #expect(try await ask(["set", "maxsessions", "5"]) == "Success setting maxsessions to 5\n")
            #expect(try await ask(["get", "maxsessions", "--json"]) == "{\"maxsessions\":\"5\"}\n")
            #expect(try await ask(["stats"]).contains(" Owned sessions                                  :1\n"))
            #expect(try await ask(["terminate", "nix"], status: 1).contains("Call Id not found (nix)."))
            #expect(try await ask(["terminate", "one"]).contains("successfully terminated"))
            // Refused by the relay, and no reason to crash.
            #expect(!(try await ask(["drill", "192.0.2.1", "\(Int.max)"], status: 1)).isEmpty)
        }
    }

    @Test("the relay of another section is found by that section's name, and no other one", .timeLimit(.minutes(10)))
    func sections() async throws {
        try await withTestRun("relayctl-sections") { run in
            let (_, console) = try await Self.start(in: run)
            let nobody = TransportAddress(console.address, port: console.port + 1)
            let file = run.path(of: "relays.conf")
            try Text.write("[rtpengine]\nlisten-cli = \(nobody)\n[second]\nlisten-cli = \(console)\n", to: file)
            func ask(_ words: [String], _ options: [String], _ name: String) async throws -> (Int32, String) {
                let process = try run.start(try Executables.product("relayctl"), words + options, name: name)
                return (try await process.exitStatus(), process.log)
            }
            let second = ["--config-file=\(file)", "--config-section=second"]
            #expect(try await ask(["ping"], second, "words") == (0, "pong\n"))
            #expect(try await ask(["status"], second, "command").0 == 0)
            #expect(try await ask(["get", "maxsessions"], second, "get").0 == 0)
            #expect(try await ask(["set", "maxsessions", "7"], second, "set").0 == 0)
            // It is asked: it has no such address.
            #expect(try await ask(["drill", "192.0.2.1", "1"], second, "drill").0 == 1)
            let (status, text) = try await ask(["ping"], Array(second.prefix(1)), "first")
            #expect(status != 0 && text.contains("no relay answers at \(nobody)"), "\(text)")
            let (failed, problem) = try await ask(["ping"], [second[0], "--config-section=third"], "third")
            #expect(failed != 0 && problem.contains("has no section [third]"), "\(problem)")
        }
    }

    @Test("other words are handed to the relay; without a relay it says so", .timeLimit(.minutes(10)))
    func passThrough() async throws {
        try await withTestRun("relayctl-pass") { run in
            let (_, console) = try await Self.start(in: run)
            func perform(_ words: [String], _ name: String) async throws -> (Int32, String) {
                let process = try run.start(try Executables.product("relayctl"), words, name: "relayctl-\(name)")
                return (try await process.exitStatus(), process.log)
            }
            func ask(_ words: [String], at address: TransportAddress) async throws -> (Int32, String) {
                try await perform(
                    ["--address=\(address)"] + words, "\(words.joined(separator: "-"))-\(address.port)")
            }
            #expect(try await ask(["ping"], at: console) == (0, "pong\n"))
            let (answered, help) = try await perform(["help", "--address=\(console)"], "help")
            #expect(answered == 0 && help.contains("  list totals"), "\(help)")
            #expect(try await perform(["help", "tune"], "help-tune").1.contains("USAGE: relayctl tune"))
            #expect(try await ask(["list", "transcoders"], at: console) == (0, "No stats entries\n"))
            #expect(try await ask(["nonsense"], at: console) == (1, "Unknown or incomplete command::nonsense\n"))
            // More than the console takes at a time.
            var crowd: [TextConnection] = []
            for _ in 0..<80 { crowd.append(try await TextConnection.open(console)) }
            let (refused, why) = try await ask(["version"], at: console)
            #expect(refused == 1 && why.contains("the relay has hung up without an answer"), "\(why)")
            withExtendedLifetime(crowd) {}
            let nobody = TransportAddress(console.address, port: console.port + 1)
            let (status, text) = try await ask(["ping"], at: nobody)
            #expect(status == 1)
            #expect(text.hasPrefix("Error: no relay answers at \(nobody)") && !text.contains("Usage"), "\(text)")
        }
    }
}
