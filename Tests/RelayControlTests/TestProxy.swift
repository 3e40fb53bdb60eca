import Logging
import NGProtocol
import RelayControl
import RelayCore
import RelayKernel
import RelayTestSupport
import Synchronization
import Testing
import WireFormat

/// A SIP proxy's view of a relay on 127.0.0.1: sends NG commands, reads the replies. No socket lies between.
final class TestProxy: Sendable {
    let relay: Relay
    let ports: ClosedRange<UInt16>
    /// What has been counted of commands.
    let statistics = ControlStatistics()
    private let dispatcher: NGDispatcher
    private let cookies = Atomic<Int>(0)

    /// - Parameters:
    ///   - interfaces: as in the option `--interface`.
    ///   - aliases: other names for interfaces.
    ///   - runsHousekeeping: false for tests that move the clock themselves.
    ///   - mode: how ports come by their datagrams.
    init(
        interfaces: [String] = ["127.0.0.1"], aliases: [String: String] = [:],
        ports: ClosedRange<UInt16>? = nil, maximumSessions: Int? = nil, timeouts: Timeouts = Timeouts(),
        runsHousekeeping: Bool = true, mode: PortMode = .each
    ) throws {
        let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        var configuration = Relay.Configuration(interfaces: try interfaces.map { try #require(MediaInterface($0)) })
        configuration.interfaceAliases = aliases
        self.ports = ports ?? Self.ports(mode)
        configuration.ports = self.ports
        configuration.mediaThreads = 1
        configuration.maximumSessions = maximumSessions
        configuration.timeouts = timeouts
        configuration.logger = silent
        let addresses = configuration.interfaces.map(\.local)
        let steering = mode == .shared ? try KernelSteering(addresses: addresses) : nil
        relay = try Relay(configuration, runsHousekeeping: runsHousekeeping, steering: steering)
        #expect(relay.steeringRefusal == nil)
        dispatcher = NGDispatcher(relay: relay, log: silent, statistics: statistics)
    }

    /// A relay with so few ports that none may be another's: at an address of its own.
    convenience init(portCount: UInt16) throws {
        let network = try LoopbackNetwork(portCount: portCount)
        try self.init(interfaces: ["\(network.host(1))"], ports: network.ports)
    }

    deinit { relay.stop() }

    /// A port that is steered is taken from whoever has bound it, so the two kinds of relay keep apart when they run at the same
    /// time; and from the ports that the kernel gives to clients. Hundreds of relays share them on a busy machine, where what
    /// they give back is closed late.
    private static func ports(_ mode: PortMode) -> ClosedRange<UInt16> {
        switch mode {
        case .each: 12_000...21_999
        case .shared: 23_100...23_999
        }
    }

    // MARK: Messages

    /// Hands over a datagram as it is, and returns the answer; `nil` if there is none.
    func exchange(_ datagram: [UInt8]) -> [UInt8]? {
        let received = Received()
        let peer = TransportAddress(IPAddress(ipv4: 0x7F00_0001), port: 2223)
        // No UDP datagram is longer.
        dispatcher.receive(datagram, from: peer, limit: 65_507) { reply in received.datagram.withLock { $0 = reply } }
        return received.datagram.withLock { $0 }
    }

    /// Hands over a body behind a cookie, and returns the body of the answer.
    func exchange(body: String) throws -> String {
        let reply = try #require(exchange(Array("cookie \(body)".utf8)))
        let text = String(decoding: reply, as: UTF8.self)
        try #require(text.hasPrefix("cookie "))
        return String(text.dropFirst("cookie ".count))
    }

    /// Sends a command under a cookie of its own.
    func send(_ command: NGDictionary) throws -> Reply {
        let cookie = "\(cookies.add(1, ordering: .relaxed).newValue) "
        let datagram = Array(cookie.utf8) + NGCodec.encode(command, as: .bencode)
        let reply = try #require(exchange(datagram))
        try #require(reply.starts(with: cookie.utf8), "the reply has the command's cookie")
        return Reply(dictionary: try NGCodec.decode(Array(reply.dropFirst(cookie.utf8.count))).dictionary)
    }

    /// An offer from one side of the call; `to` is its peer's tag in a re-offer.
    func offer(
        _ sdp: String, call: String = "1@example.com", from: String = "alice", to: String? = nil,
        branch: String? = nil, with options: NGDictionary = [:]
    ) throws -> Reply {
        try send(Self.command("offer", call, from, to, branch, sdp, options))
    }

    /// The answer to `from`'s offer, sent by `to`.
    func answer(
        _ sdp: String, call: String = "1@example.com", from: String = "alice", to: String = "bob",
        branch: String? = nil, with options: NGDictionary = [:]
    ) throws -> Reply {
        try send(Self.command("answer", call, from, to, branch, sdp, options))
    }

    /// Ends a call at once, without the usual delay.
    func delete(
        call: String = "1@example.com", from: String? = nil, to: String? = nil, branch: String? = nil,
        with options: NGDictionary = ["delete-delay": 0]
    ) throws -> Reply {
        try send(Self.command("delete", call, from, to, branch, nil, options))
    }

    func query(call: String = "1@example.com") throws -> Reply {
        try send(["command": "query", "call-id": .string(call)])
    }

    /// The calls that the relay knows.
    func list() throws -> [String] {
        try #require(try send(["command": "list"]).dictionary["calls"]?.list).map { "\($0.string ?? "?")" }
    }

    static func command(
        _ name: String, _ call: String, _ from: String?, _ to: String?, _ branch: String?, _ sdp: String?,
        _ options: NGDictionary
    ) -> NGDictionary {
        var command: NGDictionary = ["command": .string(name), "call-id": .string(call)]
        command.append("from-tag", ifPresent: from.map { .string($0) })
        command.append("to-tag", ifPresent: to.map { .string($0) })
        command.append("via-branch", ifPresent: branch.map { .string($0) })
        command.append("sdp", ifPresent: sdp.map { .string($0) })
        command.append(contentsOf: options)
        return command
    }

    // MARK: Calls and ports

    var callCount: Int { relay.callCount }
    /// Calls refused because there were too many.
    var rejectedCalls: UInt64 { relay.rejectedCalls }

    /// Local ports in use, RTP and RTCP, over all addresses.
    var usedPorts: Int { relay.portUsage.reduce(0) { $0 + $1.used } }

    /// Waits until every port is free: the housekeeper closes them after the call is gone.
    func requireAllPortsFree(_ location: SourceLocation = #_sourceLocation) async throws {
        _ = try? await eventually("all ports are free") { usedPorts == 0 ? true : nil }
        try #require(usedPorts == 0, "ports are left open", sourceLocation: location)
    }

    private final class Received: Sendable {
        let datagram = Mutex<[UInt8]?>(nil)
    }
}
