import RelayControl
import Synchronization
import Testing

@Suite("Replies are kept as long as a client may ask again")
struct CookieCacheTests {
    private static let second: UInt64 = 1_000_000_000

    private func key(_ number: Int) -> CookieCache.Key { CookieCache.Key(Array("\(number) message".utf8)) }

    private func isNew(_ verdict: CookieCache.Verdict) -> Bool { if case .new = verdict { true } else { false } }

    private func answer(_ verdict: CookieCache.Verdict) -> [UInt8]? {
        if case .answered(let bytes) = verdict { bytes } else { nil }
    }

    @Test("Each message has its own reply, also among many, and past the end of a piece of memory")
    func manyReplies() {
        let cache = CookieCache()
        func reply(_ number: Int) -> [UInt8] { Array(repeating: UInt8(number % 251), count: 100 + number % 3000) }
        for number in 0..<1000 {
            #expect(isNew(cache.look(up: key(number), now: 0) { _ in }))
            cache.finish(key(number), with: reply(number))
        }
        for number in 0..<1000 {
            #expect(answer(cache.look(up: key(number), now: 5 * Self.second) { _ in }) == reply(number))
        }
    }

    @Test("A reply is forgotten after a while, the newer ones are not")
    func lifetime() {
        let cache = CookieCache()
        for number in 0..<10 {
            _ = cache.look(up: key(number), now: UInt64(number) * Self.second) { _ in }
            cache.finish(key(number), with: [UInt8(number)])
        }
        #expect(isNew(cache.look(up: key(100), now: 18 * Self.second) { _ in }))
        #expect(isNew(cache.look(up: key(0), now: 18 * Self.second) { _ in }))
        #expect(answer(cache.look(up: key(4), now: 18 * Self.second) { _ in }) == [4])
    }

    @Test("However many and large the replies are, the newest are there and the oldest are not")
    func bounded() {
        let cache = CookieCache()
        let (count, reply) = (3000, [UInt8](repeating: 7, count: 60_000))  // 180 MB
        for number in 0..<count {
            _ = cache.look(up: key(number), now: 0) { _ in }
            cache.finish(key(number), with: reply)
        }
        #expect(answer(cache.look(up: key(count - 1), now: 0) { _ in }) == reply)
        #expect(answer(cache.look(up: key(count - 500), now: 0) { _ in }) == reply)
        #expect(isNew(cache.look(up: key(0), now: 0) { _ in }))
        #expect(isNew(cache.look(up: key(count - 1500), now: 0) { _ in }))
    }

    @Test("A message in work is not forgotten, and whoever repeats it gets the reply, once")
    func inWork() {
        let cache = CookieCache()
        let heard = Mutex<[[UInt8]]>([])
        #expect(isNew(cache.look(up: key(0), now: 0) { _ in }))
        for _ in 0..<2 {
            let verdict = cache.look(up: key(0), now: Self.second) { reply in heard.withLock { $0.append(reply) } }
            if case .inWork = verdict {} else { Issue.record("it is in work") }
        }
        for number in 1..<100 {
            _ = cache.look(up: key(number), now: UInt64(number) * Self.second) { _ in }
            cache.finish(key(number), with: [1])
        }
        cache.finish(key(0), with: [42])
        #expect(heard.withLock { $0 } == [[42], [42]])
        #expect(answer(cache.look(up: key(0), now: 99 * Self.second) { _ in }) == [42])
    }
}
