import RelayCore
import RelayStore
import RelayTestSupport
import Testing
import WireFormat

/// What answers at the address of the store is not what it should be.
@Suite("Servers that are no Redis, or a mad one", .serialized, .timeLimit(.minutes(10)))
struct HostileServerTests {
    private static let answerTexts: [(name: String, text: String)] = [
        ("another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n"), ("no length", "$\r\n"),
        ("half an answer", "$100\r\nabc"),
        ("a negative length", "$-7\r\n"), ("an enormous string", "$9223372036854775807\r\n"),
        ("an enormous array", "*2147483647\r\n"), ("arrays within arrays", String(repeating: "*1\r\n", count: 2000)),
        ("a number", ":1\r\n"), ("nothing", "$-1\r\n"), ("an error", "-ERR go away\r\n"), ("an empty array", "*0\r\n"),
        ("a status", "+OK\r\n"), ("a map", "%1\r\n+a\r\n+b\r\n"),
    ]

    private static let names = answerTexts.map(\.name)

    private static func settings(_ address: TransportAddress) throws -> RedisSettings {
        var settings = RedisSettings(try #require(RedisLocation("\(address)")))
        settings.patience = RedisPatience(connecting: .milliseconds(200), answering: .milliseconds(100))
        return settings
    }

    /// A relay goes on, says what is wrong, and tries again.
    private func endures(_ server: FakeServer, _ address: TransportAddress) async throws {
        let group = try TestGroup(RedisSessionStore(try Self.settings(address)), names: ["a"])
        defer { group.stop() }
        try group["a"].create("1")
        _ = try await eventually("it is counted, and tried again: \(group["a"].replicator.status)") {
            group["a"].replicator.status.errors > 3 && server.connections > 3 ? true : nil
        }
        let status = group["a"].replicator.status
        #expect(!status.canWrite && !status.canRead && !status.isInStep)
        #expect(status.lastError?.contains("\(address)") == true)
        #expect(status.unprotectedCalls == 1)
        #expect(group["a"].calls == ["1"])
    }

    @Test(
        "nothing that a server says, or leaves out, harms a relay", arguments: HostileServerTests.names, [false, true])
    func survives(name: String, closes: Bool) async throws {
        let text = try #require(Self.answerTexts.first { $0.name == name }).text
        let network = try LoopbackNetwork(portCount: 2)
        let address = TransportAddress(network.host(100), port: network.ports.lowerBound)
        let server = try await FakeServer.start(at: address, saying: Array(text.utf8), closes: closes)
        try await endures(server, address)
        await server.stop()
    }

    @Test("a string without end is given up before it fills the memory")
    func endless() async throws {
        let network = try LoopbackNetwork(portCount: 2)
        let address = TransportAddress(network.host(100), port: network.ports.lowerBound)
        let part = Array("$99999999999\r\n".utf8) + [UInt8](repeating: 0x61, count: 1 << 20)
        let server = try await FakeServer.start(at: address, saying: part, repeats: true)
        let store = RedisSessionStore(try Self.settings(address))
        let error = #expect(throws: StoreError.self) { _ = try store.open(.writing, bell: Bell()) }
        #expect(error?.reason == .protocolViolation || error?.reason == .timedOut)
        try await endures(server, address)
        await server.stop()
    }
}
