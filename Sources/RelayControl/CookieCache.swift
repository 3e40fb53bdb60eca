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

    private enum Entry: Sendable {
        case inWork([Reply])
        case answered([UInt8])
    }

    private struct State {
        var young: [Key: Entry] = [:]
        var old: [Key: Entry] = [:]
        var turned: UInt64
    }

    /// Two generations take turns, so that a reply is kept for one to two of these: longer than a client repeats
    /// itself (Kamailio: five times, a second apart). Nanoseconds.
    private static let generation: UInt64 = 30_000_000_000
    /// Replies in one generation; more, and it turns early. 500 calls a second make 60,000.
    private static let capacity = 131_072

    private let state: Mutex<State>

    package init(now: UInt64) { state = Mutex(State(turned: now)) }

    /// Looks a message up, cookie and body.
    package func look(up message: Key, now: UInt64, reply: @escaping Reply) -> Verdict {
        state.withLock { state in
            if now &- state.turned >= Self.generation || state.young.count >= Self.capacity {
                // What is still in work is taken along; its message may be repeated once more.
                let working = state.old.filter { if case .inWork = $0.value { true } else { false } }
                (state.old, state.young, state.turned) = (state.young, working, now)
            }
            switch state.young[message] ?? state.old[message] {
            case .answered(let bytes): return .answered(bytes)
            case .inWork(var waiting):
                waiting.append(reply)
                if state.young[message] != nil {
                    state.young[message] = .inWork(waiting)
                } else {
                    state.old[message] = .inWork(waiting)
                }
                return .inWork
            case nil:
                state.young[message] = .inWork([])
                return .new
            }
        }
    }

    /// Keeps the reply, and hands it to whoever has asked again in the meantime.
    package func finish(_ message: Key, with bytes: [UInt8]) {
        let waiting = state.withLock { state -> [Reply] in
            let entry = state.young[message] ?? state.old[message]
            state.old[message] = nil
            state.young[message] = .answered(bytes)
            if case .inWork(let waiting) = entry { return waiting }
            return []
        }
        for reply in waiting { reply(bytes) }
    }
}
