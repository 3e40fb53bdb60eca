package import RelayCore
package import WireFormat

/// Writes every change of a relay's calls to a store.
package final class SessionRecorder: CallObserver {
    private let relay: Relay
    private let store: any SessionStore
    private let node: String

    /// Starts recording.
    package init(relay: Relay, store: any SessionStore, node: String) {
        (self.relay, self.store, self.node) = (relay, store, node)
        relay.observe(self)
    }

    package func callChanged(_ id: ByteString) {
        // A call that has ended in the meantime is removed by `callEnded`.
        guard let report = relay.query(callID: id) else { return }
        store.save(SessionRecord(node: node, report: report))
    }

    package func callEnded(_ ending: CallEnding) { store.remove(ending.callID) }
}
