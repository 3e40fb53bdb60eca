import RelayCore
import RelayStore

/// A relay that shares its calls with all others that use this store, and goes on with theirs when their addresses come.
func start(
    _ node: String, at home: IPAddress, backing other: IPAddress, _ store: any SessionStore
) throws -> (relay: Relay, replicator: Replicator) {
    var backup = MediaInterface(local: other)
    backup.isBackup = true
    var configuration = Relay.Configuration(interfaces: [MediaInterface(local: home), backup])
    configuration.node = node
    configuration.sharesAddresses = true
    let relay = try Relay(configuration)
    let replicator = try Replicator(relay: relay, store: store)
    try replicator.start()
    return (relay, replicator)
}

// Where Redis is, as in `--redis`; without it, relays of one process share their calls.
let redis = CommandLine.arguments.dropFirst().first.flatMap { RedisLocation($0) }
let store: any SessionStore = if let redis { RedisSessionStore(RedisSettings(redis)) } else { InMemorySessionStore() }

let (one, two) = (IPAddress(ipv4: 0x7F00_0001), IPAddress(ipv4: 0x7F00_0002))
let first = try start("relay-1", at: one, backing: two, store)
let second = try start("relay-2", at: two, backing: one, store)

// Both have read what was there, and have been heard. Commands need not wait for that.
for replicator in [first.replicator, second.replicator] {
    while !replicator.status.isInStep { try await Task.sleep(for: .milliseconds(10)) }
}

// What one relay is told, the other one knows at once.
_ = try first.relay.offer(Offer(callID: "1@host", fromTag: "caller", sdp: inviteBody))
while second.relay.query(callID: "1@host") == nil { try await Task.sleep(for: .milliseconds(10)) }
print("calls of others: \(second.relay.foreignCallCount)")

// The first relay is gone, and the proxy asks the second one: the call is its own from here on.
first.replicator.stop()
first.relay.stop()
_ = try second.relay.answer(Answer(callID: "1@host", fromTag: "caller", toTag: "callee", sdp: okBody))
print("calls of others: \(second.relay.foreignCallCount)")

second.relay.delete(callID: "1@host", delay: .zero)
second.replicator.stop()
second.relay.stop()
