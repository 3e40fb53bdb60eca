import RelayCore
import Synchronization
import Testing
import WireFormat

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
        #expect(primary.usage.used == 58)
        held = nil
        #expect(primary.usage.used == 56)
        #expect(primary.draw() == nil, "what was reserved does not become ours to draw")
        #expect(primary.reserve(mine) != nil)
    }
}
