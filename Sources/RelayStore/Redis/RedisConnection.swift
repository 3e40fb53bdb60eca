internal import CHiredis
internal import Glibc
internal import RelayCore
internal import WireFormat

/// How long a server may take.
public struct RedisPatience: Hashable, Sendable {
    /// For the connection to be made.
    public var connecting: Duration
    /// For each answer.
    public var answering: Duration

    /// A second for each, unless told otherwise.
    public init(connecting: Duration = .seconds(1), answering: Duration = .seconds(1)) {
        (self.connecting, self.answering) = (connecting, answering)
    }
}

/// A connection to one Redis server, over libhiredis. Used by the thread that made it, and by no other.
@safe final class RedisConnection {
    // SAFETY: made in `init`, freed in `deinit`, and used by one thread only, since the class is not `Sendable`.
    private let context: UnsafeMutablePointer<redisContext>
    let endpoint: RedisLocation.Endpoint
    /// How long one answer may take from its first octet to its last.
    private let longestAnswer: Duration

    /// In octets. The longest answer that we ask for is 32 records of calls, from the script.
    private static let longest = 2 * 32 * StoreLimits.recordLength
    /// Each part of an answer has the time that is set for answering; all parts together this many times as much.
    private static let parts = 5

    /// Looks the host up and connects.
    init(to endpoint: RedisLocation.Endpoint, patience: RedisPatience) throws(StoreError) {
        self.endpoint = endpoint
        longestAnswer = patience.answering * Self.parts
        // SAFETY: the host is a terminated string that lives across the call; the result is checked.
        guard
            let made = unsafe redisConnectWithTimeout(
                endpoint.host, Int32(endpoint.port), Self.interval(patience.connecting))
        else { throw StoreError(.cannotConnect, "\(endpoint): out of memory") }
        unsafe context = made
        guard unsafe made.pointee.err == 0 else {
            let reason = unsafe Self.reason(made)
            throw StoreError(.cannotConnect, "\(endpoint): \(reason)")
        }
        // SAFETY: a live context. A server that hangs then costs one time-out, and not this thread.
        _ = unsafe redisSetTimeout(made, Self.interval(patience.answering))
        _ = unsafe redisEnableKeepAlive(made)
        unsafe relay_redis_limit(made.pointee.reader)
    }

    deinit { unsafe redisFree(context) }

    /// The socket, for waiting.
    // SAFETY: read from the live context.
    var descriptor: Int32 { unsafe context.pointee.fd }

    /// Sends commands and reads all their answers.
    func exchange(_ commands: borrowing RedisCommand) throws(StoreError) -> [RedisReply] {
        try send(commands)
        var replies: [RedisReply] = []
        replies.reserveCapacity(commands.count)
        for _ in 0..<commands.count { replies.append(try reply()) }
        return replies
    }

    /// Sends one command of text words and reads its answer.
    func call(_ words: String...) throws(StoreError) -> RedisReply {
        var command = RedisCommand()
        command.begin(words.count)
        for word in words { command.word(word) }
        try send(command)
        return try reply()
    }

    /// Puts commands into the output buffer; they leave with the next `flush` or `reply`.
    func send(_ commands: borrowing RedisCommand) throws(StoreError) {
        let bytes = commands.bytes.bytes
        // SAFETY: the library copies `count` octets, all of which are in the array, into its own buffer.
        let result = unsafe bytes.withUnsafeBytes { buffer in
            unsafe redisAppendFormattedCommand(
                context, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        guard result == REDIS_OK else { throw failure() }
    }

    /// Sends what is in the output buffer.
    func flush() throws(StoreError) {
        var done: Int32 = 0
        // SAFETY: a live context, and a variable of ours for the result.
        while done == 0 { guard unsafe redisBufferWrite(context, &done) == REDIS_OK else { throw failure() } }
    }

    /// The next answer; waits for it. Whatever the server sends, this takes neither for ever nor all memory.
    func reply() throws(StoreError) -> RedisReply {
        try flush()
        let deadline = ContinuousClock.now + longestAnswer
        var octets = 0
        while true {
            if let reply = try replyAtHand() { return reply }
            // SAFETY: a live context, which has a reader of its own; only `replyAtHand` takes octets out of it.
            let before = unsafe context.pointee.reader.pointee.len
            try readInput()
            octets += unsafe context.pointee.reader.pointee.len - before
            guard octets <= Self.longest else {
                throw StoreError(.protocolViolation, "\(endpoint): an answer too long to be one")
            }
            guard ContinuousClock.now < deadline else {
                throw StoreError(.timedOut, "\(endpoint): an answer that does not end")
            }
        }
    }

    /// An answer that has arrived whole, without waiting; `nil` when there is none.
    func replyAtHand() throws(StoreError) -> RedisReply? {
        var raw: UnsafeMutableRawPointer?
        // SAFETY: on success the library has stored a reply that is ours to free, which happens below.
        guard unsafe redisGetReplyFromReader(context, &raw) == REDIS_OK else { throw failure() }
        guard let raw = unsafe raw else { return nil }
        defer { unsafe freeReplyObject(raw) }
        return unsafe Self.copy(raw.assumingMemoryBound(to: redisReply.self))
    }

    /// Reads what has arrived; blocks when nothing has.
    func readInput() throws(StoreError) {
        // SAFETY: a live context.
        guard unsafe redisBufferRead(context) == REDIS_OK else { throw failure() }
    }

    /// Copies a reply into values of ours. The library nests no deeper than seven.
    fileprivate static func copy(_ raw: UnsafePointer<redisReply>) -> RedisReply {
        // SAFETY: the library filled the fields that belong to the type: `len` octets at `str`, or `elements` pointers to
        // replies at `element`, all of which live as long as the outermost reply.
        let reply = unsafe raw.pointee
        switch unsafe reply.type {
        case REDIS_REPLY_INTEGER: return unsafe .integer(reply.integer)
        case REDIS_REPLY_NIL: return .null
        case REDIS_REPLY_ARRAY:
            return unsafe .array((0..<reply.elements).compactMap { unsafe reply.element[$0].map { unsafe copy($0) } })
        case REDIS_REPLY_STATUS, REDIS_REPLY_ERROR, REDIS_REPLY_STRING:
            let octets = unsafe [UInt8](UnsafeRawBufferPointer(start: reply.str, count: reply.len))
            if unsafe reply.type == REDIS_REPLY_STRING { return .string(octets) }
            let text = String(decoding: octets, as: UTF8.self)
            return unsafe reply.type == REDIS_REPLY_STATUS ? .status(text) : .error(text)
        case let other: return .error("a reply of unknown type \(other)")
        }
    }

    private static func copy(_ raw: UnsafeMutablePointer<redisReply>) -> RedisReply {
        unsafe copy(UnsafePointer(raw))
    }

    @inline(never)  // cold
    private func failure() -> StoreError {
        // SAFETY: read from the live context; `errno` belongs to the call that has just failed on this thread.
        let (kind, number) = unsafe (context.pointee.err, errno)
        if kind == REDIS_ERR_IO, number == EAGAIN || number == EWOULDBLOCK || number == ETIMEDOUT {
            return StoreError(.timedOut, "\(endpoint): no answer in time")
        }
        let reason = unsafe Self.reason(context)
        return StoreError(kind == REDIS_ERR_PROTOCOL ? .protocolViolation : .connectionLost, "\(endpoint): \(reason)")
    }

    private static func reason(_ context: UnsafeMutablePointer<redisContext>) -> String {
        // SAFETY: the library always terminates this array of 128 characters.
        unsafe withUnsafeBytes(of: context.pointee.errstr) { buffer in
            unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private static func interval(_ limit: Duration) -> timeval {
        let (seconds, attoseconds) = limit.components
        return timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}

extension RedisConnection {
    /// Lets a write to a closed connection fail, instead of ending the process: the library writes without MSG_NOSIGNAL.
    /// To be called once by each thread that uses connections; other threads are not concerned.
    static func blockBrokenPipes() {
        var set = sigset_t()
        // SAFETY: a set of ours, for this thread's own mask.
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGPIPE)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }
}

extension RedisReply {
    /// The answers that some octets hold, read as from a connection; `nil` when they are no answers.
    static func all(in octets: [UInt8]) -> [RedisReply]? {
        // SAFETY: the reader is freed below, and nobody else has it.
        guard let reader = unsafe redisReaderCreate() else { return nil }
        defer { unsafe redisReaderFree(reader) }
        unsafe relay_redis_limit(reader)
        // SAFETY: the library copies `count` octets, all of which are in the array.
        let result = unsafe octets.withUnsafeBytes { buffer in
            unsafe redisReaderFeed(reader, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        guard result == REDIS_OK else { return nil }
        var replies: [RedisReply] = []
        while true {
            var raw: UnsafeMutableRawPointer?
            // SAFETY: on success the library has stored a reply that is ours to free, or nothing.
            guard unsafe redisReaderGetReply(reader, &raw) == REDIS_OK else { return nil }
            guard let raw = unsafe raw else { return replies }
            defer { unsafe freeReplyObject(raw) }
            unsafe replies.append(RedisConnection.copy(UnsafePointer(raw.assumingMemoryBound(to: redisReply.self))))
        }
    }
}
