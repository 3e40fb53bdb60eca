import Testing

@testable import RelayKernel

@Suite("What runs short")
struct NoRoomTests {
    private static let second: UInt64 = 1_000_000_000

    @Test("is told once, and that there is enough again only when it stays so")
    func tellsOnce() {
        var watch = ShortageWatch()
        var news: [ShortageWatch.News?] = []
        for (isShort, second) in [
            (false, 1), (true, 2), (true, 3), (false, 5), (true, 8), (false, 9), (false, 17), (false, 18), (false, 30),
            (true, 31),
        ] as [(Bool, UInt64)] {
            news.append(watch.look(isShort: isShort, at: second * Self.second))
        }
        #expect(news == [nil, .begins, nil, nil, nil, nil, nil, .ends, nil, .begins])
    }

    @Test("is counted by reason")
    func counts() {
        var sum = NoRoomCounts()
        var other = NoRoomCounts()
        other[.full] += 2
        other[.crowded] += 1
        sum += other
        sum += other
        #expect(sum[.full] == 4 && sum[.crowded] == 2 && sum.total == 6)
    }

    @Test("numbers at rest are not looked for before one of them is free")
    func numbersAtRest() {
        let pool = NumberPool(0..<3, used: [])
        for _ in 0..<3 { _ = pool.take(at: 0) }
        pool.release(1, at: 5)
        pool.release(0, at: 2)
        #expect(pool.take(at: 6) == nil)
        #expect(pool.take(at: Self.second + 1) == nil)
        #expect(pool.take(at: Self.second + 2) == 0)
        #expect(pool.take(at: Self.second + 2) == nil)
        pool.release(2, at: 0)
        #expect(pool.take(at: Self.second + 2) == 2, "released in the meantime, a second ago")
        #expect(pool.take(at: Self.second + 5) == 1)
        #expect(pool.take(at: .max - 1) == nil)
    }
}
