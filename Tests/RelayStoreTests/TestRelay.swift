import Logging
import RelayCore
import RelayStore
import RelayTestSupport
import Synchronization
import Testing
import WireFormat

/// A relay of a group, with an address of its own on which the others do not listen.
final class TestRelay: Sendable {
    let node: String
    let relay: Relay
    let replicator: Replicator

    init(
        _ node: String, _ store: any SessionStore, address: IPAddress, ports: ClosedRange<UInt16>,
        options: ReplicationOptions? = nil, log: LogLines? = nil
    ) throws {
        self.node = node
        let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        var configuration = Relay.Configuration(interfaces: [MediaInterface(local: address)])
        configuration.ports = ports
        configuration.mediaThreads = 1
        configuration.node = node
        configuration.logger = silent
        relay = try Relay(configuration, runsHousekeeping: false)
        replicator = try Replicator(
            relay: relay, store: store, options: options ?? ReplicationOptions(node: node), log: log?.logger ?? silent)
    }

    func start() throws { try replicator.start() }

    func stop() {
        replicator.stop()
        relay.stop()
    }

    // MARK: Commands, as a proxy would send them

    static func sdp(port: Int, _ direction: String = "sendrecv") -> [UInt8] {
        let lines = [
            "v=0", "o=- 1 1 IN IP4 198.51.100.1", "s=-", "c=IN IP4 198.51.100.1", "t=0 0",
            "m=audio \(port) RTP/AVP 8", "a=\(direction)",
        ]
        return Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }

    func create(_ callID: ByteString, port: Int = 4000) throws {
        _ = try relay.offer(Offer(callID: callID, fromTag: "caller", sdp: Self.sdp(port: port)))
    }

    func answer(_ callID: ByteString, port: Int = 5000) throws {
        _ = try relay.answer(
            Answer(callID: callID, fromTag: "caller", toTag: "callee", sdp: Self.sdp(port: port)))
    }

    /// The caller moves to another port.
    func change(_ callID: ByteString, port: Int) throws {
        _ = try relay.offer(
            Offer(callID: callID, fromTag: "caller", toTag: "callee", sdp: Self.sdp(port: port)))
    }

    func delete(_ callID: ByteString) -> Bool { relay.delete(callID: callID, delay: .zero) != nil }

    var calls: Set<ByteString> { Set(relay.callIDs(limit: .max)) }

    /// Where the caller of a call has its media, by its last SDP.
    func callersPort(of callID: ByteString) -> UInt16? {
        relay.snapshot(of: callID)?.sides.first { $0.participant.tag == "caller" }?.media.first?.terms.signalled?.port
    }
}

/// Keeps what is logged.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger { Logger(label: "test", factory: { _ in Handler(lines: self) }) }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.lines.withLock { $0.append("\(event.message)") } }
    }
}

/// Relays do not hold what they should.
struct Disagreement: Error, CustomStringConvertible { let description: String }

/// Relays that share a store.
final class TestGroup: Sendable {
    let relays: [TestRelay]

    /// - Parameters:
    ///   - expiry: how long records are kept without their owners' word.
    ///   - endingLifetime: how long endings are kept.
    ///   - log: what the replicators say.
    ///   - stores: of relays that get to the store in another way.
    ///   - adjust: whatever else is to be different.
    init(
        _ store: any SessionStore, names: [String] = ["a", "b", "c"], expiry: Duration? = nil,
        endingLifetime: Duration? = nil, log: LogLines? = nil, stores: [String: any SessionStore] = [:],
        adjust: (inout ReplicationOptions) -> Void = { _ in }
    ) throws {
        let network = try LoopbackNetwork(portCount: 2)
        relays = try names.enumerated().map { index, name in
            var options = ReplicationOptions(node: name)
            if let expiry { options.expiry = expiry }
            if let endingLifetime { options.endingLifetime = endingLifetime }
            adjust(&options)
            return try TestRelay(
                name, stores[name] ?? store, address: network.host(UInt8(index + 1)), ports: 20_000...31_999,
                options: options, log: log
            )
        }
        for relay in relays { try relay.start() }
    }

    func stop() { for relay in relays { relay.stop() } }

    subscript(name: String) -> TestRelay {
        relays.first { $0.node == name }!  // the tests name those that they have made
    }

    /// Waits until every relay says that it is in step, and nothing is left to write.
    func settle() async throws {
        _ = try await eventually("all relays are in step: \(relays.map(\.replicator.status))") {
            relays.allSatisfy { relay in
                let status = relay.replicator.status
                return status.isInStep && status.unprotectedCalls == 0 && status.lag == 0
            } ? true : nil
        }
    }

    /// Waits until every relay holds these calls and no others.
    func agree(on calls: Set<ByteString>) async throws {
        try await Self.agree(relays, on: calls)
    }

    /// Waits until each of some relays holds these calls and no others.
    static func agree(_ relays: [TestRelay], on calls: Set<ByteString>) async throws {
        do {
            _ = try await eventually("agreement", every: .milliseconds(20)) {
                relays.allSatisfy { $0.calls == calls } ? true : nil
            }
        } catch {
            let differences = relays.map { relay in
                let (more, less) = (relay.calls.subtracting(calls), calls.subtracting(relay.calls))
                return
                    "\(relay.node): \(more.count) too many \(Array(more.prefix(3))), \(less.count) missing \(Array(less.prefix(3)))"
            }
            throw Disagreement(description: "no agreement: \(differences.joined(separator: "; "))")
        }
    }
}
