import Foundation
import RelayTestSupport
import Testing
import WireFormat

/// How a relay finds its Redis and gets in, as its options and surroundings say.
@Suite(
    "Redis by options", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"),
    .enabled(if: Executables.missing(["redis-server", "redis-cli"]).isEmpty, "redis-server is not installed"))
struct RedisOptionTests {
    private static func redis(
        _ name: String, at address: TransportAddress, _ options: [String] = [], in run: TestRun
    ) async throws -> ChildProcess {
        let process = try run.start(
            Executables.require("redis-server"),
            [
                "--bind", "\(address.address)", "--port", "\(address.port)", "--protected-mode", "no", "--save", "",
                "--dir", run.directory,
            ] + options, name: name)
        _ = try await eventually("\(name) runs: \(process.lastLines)") {
            process.log.contains("Ready to accept connections") ? true : nil
        }
        return process
    }

    private static func ask(_ address: TransportAddress, _ words: String..., in run: TestRun) async throws -> String {
        let client = try run.start(
            Executables.require("redis-cli"), ["-h", "\(address.address)", "-p", "\(address.port)"] + words, name: "cli"
        )
        _ = try await client.exitStatus()
        return client.log
    }

    private static func relay(
        _ network: LoopbackNetwork, redis: String, wrapper: [String], in run: TestRun
    ) async throws -> RelayProcess {
        var options = RelayProcess.Options(
            on: network, others: ["--redis=\(redis)", "--node=one", "--redis-cmd-timeout=200"])
        options.wrapper = wrapper
        return try await RelayProcess.start(options, in: run)
    }

    private static func offer(_ id: String, to relay: RelayProcess) async throws {
        let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
        let offer = "d7:command5:offer7:call-id\(id.utf8.count):\(id)8:from-tag1:f3:sdp\(sdp.utf8.count):\(sdp)e"
        #expect(try await relay.client.send(offer).contains("result2:ok"))
    }

    @Test("a start that waits for Redis says so, and a signal that comes meanwhile counts when it is over")
    func waits() async throws {
        try await withTestRun("redis-late") { run in
            let network = try LoopbackNetwork(portCount: 30)
            let address = TransportAddress(network.host(100), port: network.ports.lowerBound)
            let options = RelayProcess.Options(on: network)
            let relay = try run.start(
                try RelayProcess.executable(),
                [
                    "--config-file=none", "--foreground", "--log-stderr", "--log-level=6", "--table=-1",
                    "--interface=\(options.media)", "--listen-ng=\(options.control)",
                    "--port-min=\(options.mediaPorts.lowerBound)", "--port-max=\(options.mediaPorts.upperBound)",
                    "--redis=\(address)", "--node=one",
                ], name: "relay")
            _ = try await eventually("it says that it waits: \(relay.lastLines)") {
                relay.log.contains("the start waits for the calls in Redis") ? true : nil
            }
            relay.signal(SIGHUP)
            _ = try await Self.redis("redis", at: address, in: run)
            _ = try await eventually("it reads its options again: \(relay.lastLines)") {
                relay.log.contains("SIGHUP: the options have not changed") ? true : nil
            }
            relay.signal(SIGTERM)
            #expect(try await relay.exitStatus() == 0)
        }
    }

    @Test(
        "the password comes from the environment; a user that an option names comes with it",
        arguments: ["", "redis://only:@"])
    func password(access: String) async throws {
        try await withTestRun("redis-password-\(access.isEmpty ? "default" : "user")") { run in
            let network = try LoopbackNetwork(portCount: 30)
            let address = TransportAddress(network.host(100), port: network.ports.lowerBound)
            let rights =
                access.isEmpty
                ? ["--requirepass", "from-outside"]
                : ["--user", "default", "off", "--user", "only", "on", ">from-outside", "~relay:*", "&*", "+@all"]
            _ = try await Self.redis("redis", at: address, rights, in: run)
            #expect(try await Self.ask(address, "GET", "relay:sequence", in: run).contains("NOAUTH"))
            let relay = try await Self.relay(
                network, redis: access + "\(address)", wrapper: ["env", "RTPENGINE_REDIS_AUTH_PW=from-outside"], in: run
            )
            try await Self.offer("1", to: relay)
            let user = access.isEmpty ? "default" : "only"
            _ = try await eventually("the call is in Redis; the relay says: \(relay.process.lastLines)") {
                let answer = try await Self.ask(
                    address, "--user", user, "--pass", "from-outside", "--no-auth-warning", "EXISTS", "relay:call:1",
                    in: run)
                return answer == "1\n" ? true : nil
            }
            #expect(!relay.process.log.contains("from-outside"))
        }
    }

    @Test(
        "a name is looked up anew for each connection",
        .enabled(if: RelayHost.obstacle == nil, "\(RelayHost.obstacle ?? "")"))
    func name() async throws {
        try await withTestRun("redis-name") { run in
            let network = try LoopbackNetwork(portCount: 30)
            let port = network.ports.lowerBound
            let (old, new) = (
                TransportAddress(network.host(100), port: port), TransportAddress(network.host(101), port: port)
            )
            // The relay sees a file of hosts of its own.
            let hosts = run.path(of: "hosts")
            func point(to address: TransportAddress) throws {
                try "\(address.address) redis.example\n".write(toFile: hosts, atomically: false, encoding: .utf8)
            }
            try point(to: old)
            let first = try await Self.redis("old", at: old, in: run)
            let relay = try await Self.relay(
                network, redis: "redis.example:\(port)",
                wrapper: [
                    "unshare", "--mount", "sh", "-c", "mount --bind \(hosts) /etc/hosts && exec \"$@\"", "sh",
                ], in: run)
            try await Self.offer("1", to: relay)
            _ = try await eventually("the call is in the old one; the relay says: \(relay.process.lastLines)") {
                try await Self.ask(old, "EXISTS", "relay:call:1", in: run) == "1\n" ? true : nil
            }

            _ = try await Self.redis("new", at: new, in: run)
            try point(to: new)
            first.stop()
            _ = try await eventually("the call is in the new one; the relay says: \(relay.process.lastLines)") {
                try await Self.ask(new, "EXISTS", "relay:call:1", in: run) == "1\n" ? true : nil
            }
        }
    }
}
