internal import NGProtocol
internal import RelayCore
internal import WireFormat

/// What a relay tells the others about itself.
struct PeerState {
    let encoded: [UInt8]

    /// - Parameters:
    ///   - process: tells this process from another one of the same name.
    ///   - question: what this relay wants to know of the others.
    init(
        _ relay: Relay, _ progress: StoreProgress, _ options: ReplicationOptions, process: UInt64,
        question: ReadingsQuestion?
    ) {
        let calls = relay.callCount
        var body = BodyWriter(ByteWriter(capacity: 256))
        body.dictionary { body in
            body.field("process", process)
            body.field("calls", calls)
            body.field("own", max(0, calls - relay.foreignCallCount))
            body.field("position", progress.position)
            body.words("flags", [("in-step", progress.isInStep(at: SystemClock.monotonic))])
            body.field("question", question?.text)
            body.list("addresses", options.addresses) { $0.text($1) }
        }
        encoded = body.bytes.bytes
    }

    /// Which process has told this; `nil` when it is no such thing.
    static func process(_ stored: StoredPeer) -> UInt64? {
        guard let number = try? NGCodec.decode(stored.state).dictionary["process"]?.number else { return nil }
        return UInt64(bitPattern: number)
    }

    /// Reads what another relay has told; `nil` when it is no such thing.
    static func peer(_ stored: StoredPeer) -> ReplicationStatus.Peer? {
        do throws(NGError) {
            let fields = try NGCodec.decode(stored.state).dictionary
            let words = fields["flags"]?.string.map { $0.description.split(separator: " ") } ?? []
            return ReplicationStatus.Peer(
                node: stored.node, isAlive: true, isInStep: words.contains("in-step"),
                calls: Int(clamping: fields["calls"]?.number ?? 0), ownCalls: Int(clamping: fields["own"]?.number ?? 0),
                addresses: (fields["addresses"]?.list ?? []).compactMap { $0.string?.description },
                position: UInt64(clamping: fields["position"]?.number ?? 0),
                question: (fields["question"]?.string?.description).flatMap { ReadingsQuestion($0) })
        } catch {
            return nil
        }
    }
}
