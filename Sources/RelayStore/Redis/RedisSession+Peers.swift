internal import RelayCore
internal import WireFormat

extension RedisSession {
    func announce(_ node: String, _ state: [UInt8], lifetime: Duration) throws(StoreError) -> [StoredPeer] {
        var commands = RedisCommand()
        commands.begin(2)
        commands.word("GET")
        commands.word(keys.node(Array(node.utf8)))
        commands.begin(5)
        commands.word("SET")
        commands.word(keys.node(Array(node.utf8)))
        commands.word(state)
        commands.word("PX")
        commands.word(max(1, lifetime.nanoseconds / 1_000_000))
        commands.begin(4)
        commands.word("ZADD")
        commands.word(keys.nodes)
        commands.word(SystemClock.wall / 1_000_000)
        commands.word(node)
        // Those that were heard of last are looked for. By their order, not by their age: clocks may be wrong.
        commands.begin(4)
        commands.word("ZREMRANGEBYRANK")
        commands.word(keys.nodes)
        commands.word(0)
        commands.word("-\(StoreLimits.peers + 1)")
        commands.begin(4)
        commands.word("ZRANGE")
        commands.word(keys.nodes)
        commands.word(0)
        commands.word(StoreLimits.peers - 1)
        let replies = try connection.exchange(commands)
        for reply in replies { if case .error = reply { throw refusal(reply) } }
        let before = replies[0].bytes.map { [StoredPeer(node: node, state: $0)] } ?? []
        let names = (replies[4].elements ?? []).compactMap { $0.text }
        return try peers(names.filter { $0 != node && RecordHeader.isName($0) }) + before
    }

    private func peers(_ names: [String]) throws(StoreError) -> [StoredPeer] {
        guard !names.isEmpty else { return [] }
        var commands = RedisCommand()
        commands.begin(1 + names.count)
        commands.word("MGET")
        for name in names { commands.word(keys.node(Array(name.utf8))) }
        let reply = try connection.exchange(commands)[0]
        guard let states = reply.elements else { throw refusal(reply) }
        return zip(names, states).compactMap { name, state in
            state.bytes.map { StoredPeer(node: name, state: $0) }
        }
    }

    func leave(
        _ note: [UInt8], from node: String, for other: String, lifetime: Duration
    ) throws(StoreError) {
        var commands = RedisCommand()
        commands.begin(5)
        commands.word("SET")
        commands.word(keys.note(from: node, for: other))
        commands.word(note)
        commands.word("PX")
        commands.word(max(1, lifetime.nanoseconds / 1_000_000))
        let reply = try connection.exchange(commands)[0]
        if case .error = reply { throw refusal(reply) }
    }

    func notes(for node: String, from others: [String]) throws(StoreError) -> [[UInt8]?] {
        var commands = RedisCommand()
        commands.begin(1 + others.count)
        commands.word("MGET")
        for other in others { commands.word(keys.note(from: other, for: node)) }
        let reply = try connection.exchange(commands)[0]
        guard let notes = reply.elements else { throw refusal(reply) }
        return notes.map(\.bytes)
    }

    func subscribe(_ other: RedisLocation?) throws(StoreError) {
        let location = other ?? self.location
        let endpoint =
            if let other { try RedisDirectory(other, patience: patience).server() } else { connection.endpoint }
        subscription = try RedisSubscription(location, at: endpoint, patience: patience, key: keys.changes)
    }

    func awaitChange(_ limit: Duration) throws(StoreError) {
        guard let subscription else {
            bell.wait(limit)
            return
        }
        try subscription.wait(limit, or: bell)
    }
}
