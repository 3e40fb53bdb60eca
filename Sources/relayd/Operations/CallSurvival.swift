internal import RelayCore
internal import RelayStore
internal import WireFormat

/// Which calls would go on elsewhere if this relay died now, as far as it can know.
struct CallSurvival: Sendable {
    /// What is known of one call.
    struct Verdict: Sendable {
        let callID: ByteString
        /// Why it would be lost; `nil` when nothing stands in its way.
        let obstacle: String?
    }

    let relay: Relay
    let shared: SharedCalls?

    /// All calls on an address, by Call-ID.
    func verdicts(at address: IPAddress) -> [Verdict] {
        let general = obstacle(of: address)
        let unprotected = shared?.unprotectedCalls ?? []
        return relay.callIDs(at: address).sorted { "\($0)" < "\($1)" }.map { callID in
            let own = unprotected.contains(callID) ? "the store does not have its last change" : nil
            return Verdict(callID: callID, obstacle: general ?? own)
        }
    }

    /// What stands in the way of all calls of an address.
    private func obstacle(of address: IPAddress) -> String? {
        guard let shared else { return "calls are not shared: no --redis" }
        let backups = shared.standing.peers(at: address)
        guard !backups.isEmpty else { return "no other relay of the group serves \(address)" }
        return backups.contains(where: \.isInStep) ? nil : "no relay that backs up \(address) is in step"
    }
}
