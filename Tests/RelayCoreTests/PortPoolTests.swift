import Synchronization
import Testing
import WireFormat

@testable import RelayCore

@Suite struct PortPoolTests {
    private let address = IPAddress(ipv4: 0x7F00_0001)

    @Test("hands out every even port once, then none")
    func exhausts() {
        let pool = PortPool(address: address, range: 4001...4010)
        var held: [PortPair] = []
        while let pair = pool.draw() { held.append(pair) }
        #expect(Set(held.map(\.port)) == [4002, 4004, 4006, 4008])
        #expect(held.count == 4)
        #expect(pool.usage == (total: 8, used: 8, free: 0))
        held = []
        #expect(pool.usage == (total: 8, used: 0, free: 8))
    }

    @Test("the last port of all has no partner") func lastPort() {
        #expect(PortPool(address: address, range: 65535...65535).draw() == nil)
        #expect(PortPool(address: address, range: 65533...65535).draw()?.port == 65534)
    }

    @Test("a pair rests while there are others, and is drawn again when there are none")
    func rests() throws {
        let pool = PortPool(address: address, range: 4000...4007, clock: { 0 })
        let first = try #require(pool.draw()).port
        var held: [PortPair] = []
        for _ in 0..<3 { held.append(try #require(pool.draw())) }
        #expect(!held.map(\.port).contains(first))
        #expect(pool.draw()?.port == first)
    }

    @Test("a pair that was reserved while it rested rests anew, and as long as any other")
    func restsAnew() throws {
        for _ in 0..<20 {
            let time = Mutex<UInt64>(0)
            let pool = PortPool(address: address, range: 4000...4003, clock: { time.withLock { $0 } })
            let rested = try #require(pool.draw()).port
            time.withLock { $0 = 19_000_000_000 }
            do { _ = try #require(pool.reserve(rested)) }
            time.withLock { $0 = 21_000_000_000 }
            #expect(pool.draw()?.port != rested)
        }
    }

    @Test("a reserved pair is not drawn, whether it was free or resting")
    func reserves() throws {
        let pool = PortPool(address: address, range: 4000...4003, clock: { 0 })
        var held = [try #require(pool.reserve(4000))]
        #expect(pool.reserve(4000) == nil)
        #expect(pool.reserve(4001) == nil)
        #expect(pool.reserve(4004) == nil)
        held.append(try #require(pool.draw()))
        #expect(pool.draw() == nil)
        held = []
        held.append(try #require(pool.reserve(4002)))
        held.append(try #require(pool.draw()))
        #expect(held.map(\.port) == [4002, 4000])
        #expect(pool.draw() == nil)
    }

    @Test("a thread gets ports that are meant for it, both shares of an address alike", arguments: [2, 3, 8])
    func lanes(count: Int) throws {
        let lanes = PortLanes(count: count)
        for share in [PortPool.Share.all, .primary, .backup] {
            let pool = PortPool(address: address, range: 20_001...21_999, share: share, lanes: lanes)
            for worker in 0..<UInt16(count) {
                var held: [PortPair] = []
                for _ in 0..<10 { held.append(try #require(pool.draw(for: worker))) }
                #expect(held.allSatisfy { lanes.lane(of: $0.port) == Int(worker) })
                #expect(held.allSatisfy { lanes.lane(of: $0.port + 1) == Int(worker) })
            }
        }
    }

    @Test("a thread that has run out gets another's, rather than one that still rests")
    func borrows() throws {
        // Two pairs of each lane.
        let pool = PortPool(address: address, range: 28...35, lanes: PortLanes(count: 2), clock: { 0 })
        var held = [try #require(pool.draw(for: 0)), try #require(pool.draw(for: 0))]
        #expect(Set(held.map(\.port)) == [32, 34])
        let resting = held.removeFirst().port
        held.append(try #require(pool.draw(for: 0)))
        held.append(try #require(pool.draw(for: 0)))
        #expect(Set(held.dropFirst().map(\.port)) == [28, 30])
        #expect(pool.draw(for: 1)?.port == resting)
        held = []
        #expect(pool.usage == (total: 8, used: 0, free: 8))
        #expect(pool.reserve(28)?.port == 28)
    }

    @Test(
        "a power of two of threads can be told by a mask",
        arguments: [
            (1, nil), (2, 0x10), (3, nil), (4, 0x30), (8, 0x70), (4096, 0xFFF0), (8192, nil),
        ] as [(Int, UInt16?)])
    func mask(count: Int, mask: UInt16?) {
        let lanes = PortLanes(count: count)
        #expect(lanes.mask == mask)
        guard let mask else { return }
        for port in stride(from: UInt16(0), to: 65_000, by: 13) {
            #expect(Int((port & mask) / PortLanes.width) == lanes.lane(of: port))
        }
    }

    @Test("draws are spread over the range")
    func random() {
        let pool = PortPool(address: address, range: 30000...39999)
        let held = (0..<100).compactMap { _ in pool.draw() }
        #expect(held.map(\.port) != held.map(\.port).sorted())
        #expect(held.contains { $0.port >= 35000 } && held.contains { $0.port < 35000 })
    }
}

@Suite struct PortShareTests {
    @Test("two relays of one address never draw the same port, and can reserve each other's")
    func shares() throws {
        let address = IPAddress(ipv4: 0x7F00_0001)
        let primary = PortPool(address: address, range: 40_000...40_063, share: .primary)
        let backup = PortPool(address: address, range: 40_000...40_063, share: .backup)
        var drawn: [PortPair] = []
        while let pair = primary.draw() { drawn.append(pair) }
        #expect(drawn.count == 28)
        var lent: [PortPair] = []
        while let pair = backup.draw() { lent.append(pair) }
        #expect(lent.count == 4)
        #expect(Set(drawn.map(\.port)).isDisjoint(with: lent.map(\.port)))

        let mine = try #require(lent.first).port
        var held = primary.reserve(mine)
        #expect(held != nil)
        #expect(primary.reserve(mine) == nil)
        #expect(primary.usage == (total: 64, used: 58, free: 0))
        held = nil
        #expect(primary.usage == (total: 64, used: 56, free: 0), "there is nothing left to draw")
        #expect(primary.draw() == nil, "what was reserved does not become ours to draw")
        #expect(primary.reserve(mine) != nil)
        drawn.removeLast()
        #expect(primary.usage == (total: 64, used: 54, free: 2))
    }

    @Test("ports that other programs have are not free")
    func occupied() throws {
        let pool = PortPool(address: IPAddress(ipv4: 0x7F00_0001), range: 40_000...40_007, occupied: [40_003, 40_004])
        #expect(pool.usage == (total: 8, used: 0, free: 4))
        let held = [try #require(pool.draw()), try #require(pool.draw())]
        #expect(pool.usage == (total: 8, used: 4, free: 0))
        #expect(pool.draw() == nil)
        #expect(Set(held.map(\.port)) == [40_000, 40_006])
    }

    @Test("where an address of several has only another relay's ports left, calls go to the next")
    func turn() throws {
        let interfaces = try ["127.0.0.1", "127.0.0.2"].enumerated().map { number, address in
            MediaInterface(name: "pub:\(number + 1)", local: try #require(IPAddress(address)))
        }
        let table = InterfaceTable(interfaces, ports: 40_000...40_063, areShared: true)
        var drawn: [PortPair] = []
        while let pair = table.interfaces[0].ports.draw() { drawn.append(pair) }
        for _ in 0..<4 { #expect(table.resolve("pub", keeping: nil, family: .ipv4) == "pub:2") }
        drawn = []
        let names = (0..<4).map { _ in table.resolve("pub", keeping: nil, family: .ipv4) }
        #expect(Set(names) == ["pub:1", "pub:2"])
    }
}
