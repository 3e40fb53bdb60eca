internal import Synchronization
public import WireFormat

extension Relay {
    /// Switches something off in the media that a side sends, or on again.
    ///
    /// The call and each of its sides have switches of their own: what is off for the call stays off for a side whose
    /// own switch is turned.
    ///
    /// - Parameters:
    ///   - sender: whose media; `everyone` turns the call's own switch, and `all` that of each side, too, when it goes on again.
    ///   - receiver: whom it is sent to. A side is heard by one other side at a time, so this only has to be right.
    /// - Throws: `unknownCall`, `unknownTag`, `unknownLabel` or `unknownAddress`; nothing has changed then.
    public func restrict(
        _ restriction: MediaRestriction, _ isOn: Bool, callID: ByteString, sender: SideSelector = .everyone,
        receiver: SideSelector = .everyone
    ) throws(RelayError) {
        guard let call = find(callID) else { throw .unknownCall }
        try call.state.withLock { (state) throws(RelayError) in
            guard !state.hasEnded else { throw .unknownCall }
            let side = try state.index(of: sender)
            if let side {
                guard try state.receivingIndex(of: receiver) != side else { throw .unknownFlow }
                state.participants[side].restriction.set(restriction, isOn)
            } else {
                state.restriction.set(restriction, isOn)
                if sender == .all, !isOn {
                    for index in state.participants.indices {
                        state.participants[index].restriction.set(restriction, false)
                    }
                }
            }
            var work = Negotiation(call: call, state: state, context: context())
            work.rewire()
            work.commit(to: &state)
            adopt(&state, at: SystemClock.monotonic)
            state.version.revision += 1
        }
        notifyChanged(call)
    }
}

extension CallState {
    /// The side that is meant; `nil` for all of them.
    fileprivate func index(of selector: SideSelector) throws(RelayError) -> Int? {
        switch selector {
        case .everyone, .all: return nil
        case .tag(let tag):
            guard let index = index(tag: tag) else { throw .unknownTag }
            return index
        case .label(let label):
            guard let index = participants.firstIndex(where: { $0.label == label }) else { throw .unknownLabel }
            return index
        case .address(let address):
            let index = participants.firstIndex { side in side.media.contains { $0.signalled?.address == address } }
            guard let index else { throw .unknownAddress }
            return index
        }
    }

    /// As `index`, for the side that media goes to.
    fileprivate func receivingIndex(of selector: SideSelector) throws(RelayError) -> Int? {
        do throws(RelayError) { return try index(of: selector) } catch { throw .unknownFlow }
    }
}

extension MediaRestriction {
    fileprivate mutating func set(_ members: MediaRestriction, _ isOn: Bool) {
        if isOn { formUnion(members) } else { subtract(members) }
    }
}
