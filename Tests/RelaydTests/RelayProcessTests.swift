import Glibc
import RelayTestSupport
import Testing
import WireFormat

/// What an operator sees of the process itself.
@Suite("The relay as a process", .serialized)
struct RelayProcessTests {
    private static let media: ClosedRange<UInt16> = 10...29

    private static func options(in network: LoopbackNetwork, control: IPAddress? = nil) -> RelayProcess.Options {
        let first = network.ports.lowerBound
        return RelayProcess.Options(
            control: TransportAddress(control ?? network.host(1), port: first), media: network.host(1),
            mediaPorts: first + media.lowerBound...first + media.upperBound)
    }

    @Test("SIGTERM ends it cleanly, with calls up", .timeLimit(.minutes(10)))
    func endsOnRequest() async throws {
        try await withTestRun("ends-on-request") { run in
            let network = try LoopbackNetwork(portCount: 30)
            let relay = try await RelayProcess.start(Self.options(in: network), in: run)
            #expect(try await relay.client.send(Self.offer).contains("6:result2:ok"))
            #expect(try await relay.holdings().calls != "d5:callsle6:result2:oke")

            relay.process.signal(SIGTERM)

            #expect(try await relay.process.exitStatus() == 0)
        }
    }

    @Test("garbage on the control port harms nobody", .timeLimit(.minutes(10)))
    func survivesGarbage() async throws {
        try await withTestRun("survives-garbage") { run in
            let network = try LoopbackNetwork(portCount: 30)
            let relay = try await RelayProcess.start(Self.options(in: network), in: run)
            let before = try await relay.holdings()
            let hasty = NGClient(relay.options.control, patience: .milliseconds(20), tries: 1)
            let offer = Array(Self.offer.utf8)
            for length in stride(from: 0, to: offer.count - 1, by: 7) {
                // An answer is welcome, but not owed.
                _ = try? await hasty.send(String(decoding: offer[..<length], as: UTF8.self))
            }
            for garbage in [
                "d", "l", "i", "99999999999999999999:", "{", "[[[[[[[[", "d1:di", "\u{0}", "d7:command5:offere",
            ] {
                _ = try? await hasty.send(garbage)
            }
            #expect(try await relay.client.send("d7:command4:pinge") == "d6:result4:ponge")
            let after = try await relay.holdings()
            #expect(after == before)
        }
    }

    @Test(
        "connections for NG that say nothing give way to one that does",
        .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"), .timeLimit(.minutes(10)))
    func silentConnections() async throws {
        try await withTestRun("silent-connections") { run in
            let network = try LoopbackNetwork(portCount: 30)
            var options = Self.options(in: network)
            let address = TransportAddress(network.host(1), port: network.ports.lowerBound)
            options.others = ["--listen-tcp-ng=\(address)"]
            let relay = try await RelayProcess.start(options, in: run)
            let before = try await relay.holdings().descriptorCount
            func ping() async throws -> String {
                let connection = try await TextConnection.open(address)
                try await connection.send("1 d7:command4:pinge")
                let answer = try await connection.everything(until: "ponge")
                try await connection.close()
                return answer
            }
            #expect(try await ping() == "1 d6:result4:ponge")
            var silent: [TextConnection] = []
            for _ in 0..<300 { silent.append(try await TextConnection.open(address)) }
            _ = try await eventually("somebody who speaks is heard", every: .milliseconds(200)) {
                try await ping() == "1 d6:result4:ponge" ? true : nil
            }
            for connection in silent { try await connection.close() }
            _ = try await eventually("all is closed again") {
                try await relay.holdings().descriptorCount == before ? true : nil
            }
        }
    }

    @Test(
        "listens for TCP at an address that is not here yet",
        .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"), .timeLimit(.minutes(10)),
        arguments: ["tcp-ng", "cli", "http"])
    func freeBind(_ listener: String) async throws {
        try await withTestRun("free-bind-\(listener)") { run in
            let network = try LoopbackNetwork(portCount: 30)
            var options = Self.options(in: network)
            // TEST-NET-1 (RFC 5737), and documentation (RFC 3849).
            options.others = ["192.0.2.77", "[2001:db8::77]"].map {
                "--listen-\(listener)=\($0):\(network.ports.lowerBound + 1)"
            }
            let relay = try await RelayProcess.start(options, in: run)
            #expect(try await relay.client.send("d7:command4:pinge") == "d6:result4:ponge")
        }
    }

    @Test(
        "SIGUSR1 makes the log less verbose, SIGUSR2 more",
        .enabled(if: RelayProcess.isOurOwn, "the words of our own relay"), .timeLimit(.minutes(10)))
    func logLevels() async throws {
        try await withTestRun("log-levels") { run in
            let network = try LoopbackNetwork(portCount: 30)
            let relay = try await RelayProcess.start(Self.options(in: network), in: run)
            func change(_ signal: Int32, says text: String) async throws {
                relay.process.signal(signal)
                _ = try await eventually("'\(text)'") { relay.process.log.contains(text) ? true : nil }
            }
            // Each is worth a line at level 6, before the answer.
            func delete(_ call: String) async throws {
                _ = try await relay.client.send("d7:command6:delete7:call-id\(call.count):\(call)8:from-tag1:fe")
            }
            try await delete("usual")
            try await change(SIGUSR1, says: "NOTICE: [core] SIGUSR1: log level 5")
            try await delete("quiet")
            try await change(SIGUSR2, says: "NOTICE: [core] SIGUSR2: log level 6")
            try await delete("again")
            #expect(!relay.process.log.contains("DEBUG: "))
            try await change(SIGUSR2, says: "NOTICE: [core] SIGUSR2: log level 7")
            relay.process.signal(SIGTERM)
            #expect(try await relay.process.exitStatus() == 0)
            #expect(relay.process.log.contains("INFO: [usual]"))
            #expect(!relay.process.log.contains("[quiet]"))
            #expect(relay.process.log.contains("INFO: [again]"))
            // Of how its services end.
            #expect(relay.process.log.contains("DEBUG: "))
        }
    }

    /// The client's socket is connected, so a reply from another address would not reach it.
    @Test(
        "answers from the address that was asked, also on a wildcard",
        .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"), .timeLimit(.minutes(10)))
    func answersFromTheAddressAsked() async throws {
        try await withTestRun("answers-from-the-address-asked") { run in
            let network = try LoopbackNetwork(portCount: 30)
            let relay = try await RelayProcess.start(
                Self.options(in: network, control: .unspecified(.ipv4)), in: run, asked: network.host(7))
            for host: UInt8 in [7, 8, 9] {
                let client = NGClient(TransportAddress(network.host(host), port: relay.options.control.port))
                #expect(try await client.send("d7:command4:pinge") == "d6:result4:ponge")
            }
        }
    }

    @Test(
        "a wrong option ends it with status 2 and one line that names what is wrong",
        .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"), .timeLimit(.minutes(10)),
        arguments: [
            (["--listen-ng=nowhere"], "nowhere"), (["--interface=no-such-interface"], "no-such-interface"),
            (["--port-min=70000"], "70000"), (["--port-min=30000", "--port-max=20000"], "20000"),
            (["--tos=256"], "256"), (["--config-file=/no/such/file"], "/no/such/file"),
            (["--no-such-option"], "--no-such-option"),
        ])
    func refusesWrongOptions(_ options: [String], _ wrong: String) async throws {
        try await withTestRun("refuses-wrong-options") { run in
            // The file of the machine that we are on is not to interfere.
            let file = options.contains { $0.hasPrefix("--config-file") } ? [] : ["--config-file=none"]
            let process = try run.start(
                RelayProcess.executable(), file + ["--foreground", "--log-stderr"] + options, name: "relay")
            #expect(try await process.exitStatus() == 2)
            let lines = process.log.split(separator: "\n")
            #expect(lines.count == 1, "\(process.lastLines)")
            #expect(lines.first?.contains(wrong) == true, "\(process.lastLines)")
        }
    }

    private static let sdp = """
        v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n
        """
    private static let offer = """
        d7:command5:offer7:call-id4:call8:from-tag3:tag3:sdp\(sdp.utf8.count):\(sdp)e
        """
}
