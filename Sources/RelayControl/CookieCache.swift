internal import DequeModule
internal import Synchronization
internal import WireFormat

/// Answers retransmissions: the same message gets the same reply, byte for byte, and is carried out once.
///
/// A client that hears nothing sends the same cookie and body again. The same cookie with another body is another
/// message.
package final class CookieCache: Sendable {
    /// What to do with a message.
    package enum Verdict: Sendable {
        /// Carry it out, then call `finish`.
        case new
        /// It has been answered before.
        case answered([UInt8])
        /// It is in work; the reply will come by the callback that was given.
        case inWork
    }

    package typealias Reply = @Sendable ([UInt8]) -> Void

    /// Stands for all of a message's bytes: its length and its hash, seeded anew in every process (SipHash). Keeping the
    /// messages themselves would cost a kilobyte each.
    package struct Key: Hashable, Sendable {
        private let count: Int
        private let digest: Int

        package init(_ message: [UInt8]) {
            var hasher = Hasher()
            hasher.combine(ByteString(message))
            (count, digest) = (message.count, hasher.finalize())
        }
    }

    private struct Entry: Sendable {
        let key: Key
        var time: UInt64
        /// `nil` while the message is in work.
        var reply: ReplyStore.Place?
        /// Who has asked again meanwhile.
        var waiting: [Reply] = []
    }

    private struct State {
        /// Oldest first.
        var entries: Deque<Entry> = []
        /// The number of the first entry.
        var first = 0
        /// By message, the number of its entry.
        var numbers: [Key: Int] = [:]
        var replies = ReplyStore()
    }

    /// How long a reply is kept: three times as long as a client repeats itself (Kamailio: five times, a second apart).
    /// Nanoseconds.
    private static let lifetime: UInt64 = 15_000_000_000
    /// Octets of all replies; what is older makes room. Enough for five seconds of 4,000 calls a second.
    private static let capacity = 64 * 1024 * 1024
    /// Replies at a time, however short they are: ten seconds of 13,000 commands a second.
    private static let longest = 131_072
    /// Entries that are forgotten with each new one at most, so that no command waits for thousands.
    private static let step = 4

    private let state = Mutex(State())

    package init() {}

    /// Looks a message up, cookie and body.
    package func look(up message: Key, now: UInt64, reply: @escaping Reply) -> Verdict {
        state.withLock { state in
            if let number = state.numbers[message] {
                let index = number - state.first
                if let place = state.entries[index].reply { return .answered(state.replies[place]) }
                state.entries[index].waiting.append(reply)
                return .inWork
            }
            Self.forget(&state, at: now)
            state.numbers[message] = state.first + state.entries.count
            state.entries.append(Entry(key: message, time: now))
            return .new
        }
    }

    /// Keeps the reply, and hands it to whoever has asked again in the meantime.
    package func finish(_ message: Key, with bytes: [UInt8]) {
        let waiting = state.withLock { state -> [Reply] in
            guard let number = state.numbers[message] else { return [] }
            let index = number - state.first
            state.entries[index].reply = state.replies.append(bytes)
            defer { state.entries[index].waiting = [] }
            return state.entries[index].waiting
        }
        for reply in waiting { reply(bytes) }
    }

    /// Forgets the oldest entries, as far as their time is over or their room is needed.
    private static func forget(_ state: inout State, at now: UInt64) {
        for _ in 0..<step {
            guard let oldest = state.entries.first,
                now &- oldest.time >= lifetime || state.entries.count >= longest || state.replies.size > capacity
            else { return }
            state.entries.removeFirst()
            state.first += 1
            if let place = oldest.reply {
                state.numbers[oldest.key] = nil
                state.replies.remove(place)
            } else {  // still in work: its message may be repeated once more
                state.numbers[oldest.key] = state.first + state.entries.count
                state.entries.append(Entry(key: oldest.key, time: now, waiting: oldest.waiting))
            }
        }
    }
}
