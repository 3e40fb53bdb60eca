import Foundation
import Glibc
import RelayTestSupport
import Testing
import WireFormat

/// Two relays on hosts of their own, one Redis, and one of them dies.
@Suite(
    "Calls of a relay that dies", .serialized,
    .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"),
    .enabled(if: RelayHost.obstacle == nil, "\(RelayHost.obstacle ?? "")"),
    .enabled(if: Executables.missing(["redis-server"]).isEmpty, "redis-server is not installed"))
struct SharedCallTests {
    /// A relay, its host, and how to ask it.
    private struct Node {
        let host: RelayHost
        let process: ChildProcess
        let client: NGClient

        func send(_ command: String) async throws -> String { try await client.send(command) }
    }

    private static func start(
        _ name: String, on host: RelayHost, backing up: RelayHost, redis: UInt16, in run: TestRun
    ) async throws -> Node {
        let process = try await host.start(
            RelayProcess.executable(),
            [
                "--config-file=none", "--foreground", "--log-stderr", "--num-threads=1", "--delete-delay=0",
                "--interface=pub/\(host.address)", "--backup-interface=pub/\(up.address)",
                "--listen-ng=\(host.address):2223", "--port-min=30000", "--port-max=30999",
                "--redis=\(host.gateway):\(redis)", "--node=\(name)", "--no-guard",
            ], name: name)
        let control = TransportAddress(host.address, port: 2223)
        let eager = NGClient.eager(control)
        _ = try await eventually("\(name) answers; it says: \(process.lastLines)") {
            try? await eager.send("d7:command4:pinge") == "d6:result4:ponge" ? true : nil
        }
        return Node(host: host, process: process, client: NGClient(control))
    }

    private static func command(_ name: String, _ call: String, _ others: String = "", sdp: String? = nil) -> String {
        let body = sdp.map { "3:sdp\($0.utf8.count):\($0)" } ?? ""
        return "d7:command\(name.utf8.count):\(name)7:call-id\(call.utf8.count):\(call)8:from-tag1:a\(others)\(body)e"
    }

    private static func sdp(_ port: Int, _ direction: String = "sendrecv") -> String {
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio \(port) RTP/AVP 8\r\na=\(direction)\r\n"
    }

    /// Connection address and port of the one media section in a reply.
    private static func media(in reply: String) throws -> [Substring] {
        let lines = reply.split(whereSeparator: \.isNewline)
        let connection = try #require(lines.first { $0.hasPrefix("c=") }, "\(reply)")
        let audio = try #require(lines.first { $0.hasPrefix("m=audio ") }, "\(reply)")
        return [connection, audio.split(separator: " ")[1]]
    }

    @Test(
        "the other one goes on with them; the dead one returns and neither revives nor ends any",
        .timeLimit(.minutes(10)))
    func survives() async throws {
        try await withTestRun("shared-calls") { run in
            let network = try LoopbackNetwork(portCount: 2)
            let port = network.ports.lowerBound
            _ = try run.start(
                Executables.require("redis-server"),
                [
                    "--bind", "0.0.0.0", "--port", "\(port)", "--protected-mode", "no", "--save", "", "--dir",
                    run.directory,
                ],
                name: "redis")
            let hosts = (RelayHost(1, in: run), RelayHost(2, in: run))
            let first = try await Self.start("one", on: hosts.0, backing: hosts.1, redis: port, in: run)
            let second = try await Self.start("two", on: hosts.1, backing: hosts.0, redis: port, in: run)

            var ports: [String: [[Substring]]] = [:]
            for call in ["x1", "x2", "x3"] {
                let offered = try await first.send(Self.command("offer", call, sdp: Self.sdp(4000)))
                let answered = try await first.send(Self.command("answer", call, "6:to-tag1:b", sdp: Self.sdp(5000)))
                ports[call] = [try Self.media(in: offered), try Self.media(in: answered)]
            }
            var replies: [String] = []
            _ = try await eventually("the standby has the answers: \(replies)") {
                replies = []
                for call in ports.keys { replies.append(try await second.send(Self.command("query", call))) }
                return replies.allSatisfy { $0.contains("3:tag1:b") } ? true : nil
            }

            first.process.signal(SIGKILL)
            _ = try await first.process.exitStatus()
            #expect(try await second.send(Self.command("query", "x1")).contains("3:tag1:b"))
            let offered = try await second.send(
                Self.command("offer", "x1", "6:to-tag1:b", sdp: Self.sdp(4000, "sendonly")))
            #expect(try Self.media(in: offered) == ports["x1"]?[0])
            let answered = try await second.send(
                Self.command("answer", "x1", "6:to-tag1:b", sdp: Self.sdp(5000, "recvonly")))
            #expect(try Self.media(in: answered) == ports["x1"]?[1])
            #expect(try await second.send(Self.command("delete", "x2")).contains("3:tag1:b"))

            let again = try await Self.start("one", on: hosts.0, backing: hosts.1, redis: port, in: run)
            // The end of the third is written a moment after the reply.
            _ = try await eventually("it has what is left") {
                try await Self.calls(of: again) == ["x1", "x3"] ? true : nil
            }
            // It owns what nobody has taken over, and may end it; what it does not own it may not time out but still delete.
            #expect(try await again.send(Self.command("delete", "x3")).contains("3:tag1:b"))
            _ = try await eventually("the end arrives") { try await Self.calls(of: second) == ["x1"] ? true : nil }
            #expect(try await again.send(Self.command("delete", "x1")).contains("3:tag1:b"))
            _ = try await eventually("the end arrives") { try await Self.calls(of: second).isEmpty ? true : nil }
            #expect(try await Self.calls(of: again).isEmpty)
        }
    }

    private static func calls(of node: Node) async throws -> Set<String> {
        let reply = try await node.send("d7:command4:liste")
        return Set(["x1", "x2", "x3"].filter { reply.contains("2:\($0)") })
    }
}
