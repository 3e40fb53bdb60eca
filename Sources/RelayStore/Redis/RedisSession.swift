internal import RelayCore
internal import WireFormat

/// One connection to the store in Redis, and for followers a second one for wake-ups.
final class RedisSession: StoreSession {
    /// Records that one run of the script decides, and octets after which it gets no more: a server does nothing else
    /// meanwhile.
    private static let batch = (records: 32, octets: 64 * 1024)
    /// Keys that are read before the answers are taken: bounds what is under way.
    private static let readAhead = 256
    /// Endings that one visit removes.
    private static let pruneLimit = 512

    let connection: RedisConnection
    let location: RedisLocation
    let patience: RedisPatience
    let keys: RedisKeys
    let bell: Bell
    var subscription: RedisSubscription?
    private(set) var server = ""
    private let needsMaster: Bool
    /// It was a master when we connected.
    private var isMaster = false
    /// Of a replica: whose data it has, and from which run.
    private var origin: String?
    private let watch: SentinelWatch?
    private var scripts: [String: String] = [:]
    private let candidate: String

    /// - Parameter watch: knows whether the master is still the master, where Sentinel decides about that.
    init(
        _ location: RedisLocation, keys: RedisKeys, patience: RedisPatience, bell: Bell, needsMaster: Bool,
        watch: SentinelWatch?
    ) throws(StoreError) {
        (self.location, self.keys, self.patience) = (location, keys, patience)
        (self.bell, self.needsMaster, self.watch) = (bell, needsMaster, watch)
        candidate = String(UInt64.random(in: 1 ... .max), radix: 36)
        connection = try RedisConnection(to: Self.server(location, patience, watch), patience: patience)
        try Self.authenticate(connection, location)
        try Self.select(connection, location)
        try identify()
        for script in [RedisScript.write, .forget] { try load(script) }
    }

    // MARK: Connecting

    /// The server to connect to. While no Sentinel answers that is the one that was named last; whether it is still the
    /// master is for itself to say.
    private static func server(
        _ location: RedisLocation, _ patience: RedisPatience, _ watch: SentinelWatch?
    ) throws(StoreError) -> RedisLocation.Endpoint {
        do throws(StoreError) {
            let server = try RedisDirectory(location, patience: patience).server()
            watch?.note(server)
            return server
        } catch {
            guard let known = watch?.master else { throw error }
            return known
        }
    }

    static func authenticate(_ connection: RedisConnection, _ location: RedisLocation) throws(StoreError) {
        guard let password = location.password else { return }
        let reply =
            if let user = location.user {
                try connection.call("AUTH", user, password)
            } else {
                try connection.call("AUTH", password)
            }
        if case .error(let text) = reply { throw StoreError(.refused, "\(connection.endpoint): \(text)") }
    }

    static func select(_ connection: RedisConnection, _ location: RedisLocation) throws(StoreError) {
        let reply = try connection.call("SELECT", "\(location.database)")
        if case .error(let text) = reply { throw StoreError(.refused, "\(connection.endpoint): \(text)") }
    }

    /// Learns which run of which server this is, and that it takes writes where we need that.
    private func identify() throws(StoreError) {
        let reply = try connection.call("INFO")
        guard let text = reply.text else {
            if case .error(let text) = reply { throw StoreError(.refused, "\(connection.endpoint): \(text)") }
            throw StoreError(.protocolViolation, "\(connection.endpoint): no answer to INFO")
        }
        let facts = Self.facts(text)
        if needsMaster, let role = facts["role"], role == "slave" || role == "replica" {
            throw StoreError(.notWritable, "\(connection.endpoint): not a master")
        }
        if facts["loading"] == "1" { throw StoreError(.refused, "\(connection.endpoint): is still loading its data") }
        isMaster = facts["role"] == "master"
        origin = isMaster ? nil : facts["master_replid"].map(String.init)
        server = "\(connection.endpoint) \(facts["run_id"] ?? "") \(facts["master_replid"] ?? "")"
    }

    /// What INFO says.
    private static func facts(_ text: String) -> [Substring: Substring] {
        var facts: [Substring: Substring] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            facts[line[..<colon]] = line[line.index(after: colon)...]
        }
        return facts
    }

    private func load(_ script: RedisScript) throws(StoreError) {
        let reply = try connection.call("SCRIPT", "LOAD", script.text)
        guard let digest = reply.text, reply.bytes != nil else { throw refusal(reply) }
        scripts[script.text] = digest
    }

    /// An answer that is not what it should be. The connection is given up: the next one starts from a known state.
    func refusal(_ reply: RedisReply) -> StoreError {
        guard case .error(let text) = reply else {
            return StoreError(.protocolViolation, "\(connection.endpoint): an answer of the wrong kind")
        }
        let isReadOnly = text.hasPrefix("READONLY") || text.hasPrefix("MASTERDOWN")
        return StoreError(isReadOnly ? .notWritable : .refused, "\(connection.endpoint): \(text)")
    }

    // MARK: Writing

    func write(_ offers: [StoreOffer]) throws(StoreError) -> [StoreOutcome] {
        var commands = RedisCommand()
        var rest = offers[...]
        var sizes: [Int] = []
        while !rest.isEmpty {
            var (count, octets) = (0, 0)
            for offer in rest {
                count += 1
                octets += offer.record.count
                if count == Self.batch.records || octets >= Self.batch.octets { break }
            }
            append(rest.prefix(count), to: &commands)
            sizes.append(count)
            rest = rest.dropFirst(count)
        }
        var outcomes: [StoreOutcome] = []
        outcomes.reserveCapacity(offers.count)
        for (reply, size) in zip(try connection.exchange(commands), sizes) {
            guard let elements = reply.elements, elements.count == size else { throw refusal(reply) }
            for element in elements {
                guard let outcome = element.outcome else { throw refusal(element) }
                outcomes.append(outcome)
            }
        }
        return outcomes
    }

    private func append(_ offers: ArraySlice<StoreOffer>, to commands: inout RedisCommand) {
        commands.begin(3 + 4 + offers.count + 4 + 3 * offers.count)
        commands.word("EVALSHA")
        commands.word(scripts[RedisScript.write.text] ?? "")
        commands.word(4 + offers.count)
        for key in [keys.changes, keys.sequence, keys.endings, keys.incarnation] { commands.word(key) }
        for offer in offers { commands.word(keys.call(offer.callID.bytes)) }
        commands.word(RecordHeader.maximumLength)
        commands.word(StoreLimits.recordLength)
        commands.word(SystemClock.wall / 1_000_000)
        commands.word(candidate)
        for offer in offers {
            commands.word(offer.callID.bytes)
            commands.word(max(1, offer.lifetime.nanoseconds / 1_000_000))
            commands.word(offer.record)
        }
    }

    func forget(_ calls: [ByteString]) throws(StoreError) { try forget(calls, now: SystemClock.wall) }

    private func forget(_ calls: [ByteString], now: UInt64) throws(StoreError) {
        guard !calls.isEmpty else { return }
        var commands = RedisCommand()
        commands.begin(3 + 3 + calls.count + 1 + calls.count)
        commands.word("EVALSHA")
        commands.word(scripts[RedisScript.forget.text] ?? "")
        commands.word(3 + calls.count)
        for key in [keys.changes, keys.endings, keys.pruned] { commands.word(key) }
        for call in calls { commands.word(keys.call(call.bytes)) }
        commands.word(now / 1_000_000)
        for call in calls { commands.word(call.bytes) }
        let reply = try connection.exchange(commands)[0]
        guard case .integer = reply else { throw refusal(reply) }
    }

    func prune(now: UInt64) throws(StoreError) -> Bool {
        var commands = RedisCommand()
        commands.begin(7)
        commands.word("ZRANGEBYSCORE")
        commands.word(keys.endings)
        commands.word("-inf")
        commands.word(now / 1_000_000)
        commands.word("LIMIT")
        commands.word("0")
        commands.word(Self.pruneLimit)
        let reply = try connection.exchange(commands)[0]
        guard let members = reply.elements else { throw refusal(reply) }
        try forget(members.compactMap { $0.bytes.map { ByteString($0) } }, now: now)
        return members.count == Self.pruneLimit
    }

    // MARK: Reading

    func position() throws(StoreError) -> StorePosition {
        if let master = watch?.master, master != connection.endpoint {
            throw StoreError(.notWritable, "\(connection.endpoint): Sentinel names another master")
        }
        var commands = RedisCommand()
        for key in [keys.incarnation, keys.sequence, keys.pruned] {
            commands.begin(2)
            commands.word("GET")
            commands.word(key)
        }
        commands.add("ROLE")
        if origin != nil { commands.add("INFO", "replication") }
        let replies = try connection.exchange(commands)
        for reply in replies[..<3] { if case .error = reply { throw refusal(reply) } }
        guard let sequence = replies[1].number, let pruned = replies[2].number else { throw refusal(replies[1]) }
        // Where ROLE is not allowed the script will say READONLY.
        if needsMaster || isMaster, let role = replies[3].elements?.first?.text, role != "master" {
            throw StoreError(.notWritable, "\(connection.endpoint): is no master any more")
        }
        if let origin {
            guard let text = replies[4].text else { throw refusal(replies[4]) }
            // The same numbers may be other changes now.
            guard let now = Self.facts(text)["master_replid"], now == origin else {
                throw StoreError(.connectionLost, "\(connection.endpoint): has another master's data now")
            }
        }
        return StorePosition(incarnation: replies[0].bytes ?? [], sequence: sequence, pruned: pruned)
    }

    func changes(after sequence: UInt64, limit: Int) throws(StoreError) -> [StoreChange] {
        var commands = RedisCommand()
        commands.begin(8)
        commands.word("ZRANGEBYSCORE")
        commands.word(keys.changes)
        commands.word("(\(sequence)")
        commands.word("+inf")
        commands.word("WITHSCORES")
        commands.word("LIMIT")
        commands.word("0")
        commands.word(limit)
        let reply = try connection.exchange(commands)[0]
        guard let changes = reply.changes else { throw refusal(reply) }
        return changes
    }

    func headers(of calls: [ByteString]) throws(StoreError) -> [StoredHeader] {
        try ranges(of: calls, length: RecordHeader.maximumLength) { octets in
            guard let octets else { return .unreadable }
            guard !octets.isEmpty else { return .missing }
            return RecordHeader(octets.span).map { .header($0) } ?? .unreadable
        }
    }

    func records(of calls: [ByteString]) throws(StoreError) -> [StoredRecord] {
        try ranges(of: calls, length: StoreLimits.recordLength + 1) { octets in
            guard let octets, octets.count <= StoreLimits.recordLength else { return .unreadable }
            return octets.isEmpty ? .missing : .record(octets)
        }
    }

    /// The first octets of records; `nil` is handed on where there is something else than octets.
    private func ranges<Result>(
        of calls: [ByteString], length: Int, _ read: ([UInt8]?) -> Result
    ) throws(StoreError) -> [Result] {
        var results: [Result] = []
        results.reserveCapacity(calls.count)
        var rest = calls[...]
        while !rest.isEmpty {
            var commands = RedisCommand()
            for call in rest.prefix(Self.readAhead) {
                commands.begin(4)
                commands.word("GETRANGE")
                commands.word(keys.call(call.bytes))
                commands.word(0)
                commands.word(length - 1)
            }
            rest = rest.dropFirst(Self.readAhead)
            for reply in try connection.exchange(commands) {
                if case .error(let text) = reply {
                    guard text.hasPrefix("WRONGTYPE") else { throw refusal(reply) }
                    results.append(read(nil))
                } else {
                    guard let octets = reply.bytes else { throw refusal(reply) }
                    results.append(read(octets))
                }
            }
        }
        return results
    }
}
