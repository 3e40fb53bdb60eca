import RelayFailover
import Testing
import WireFormat

@Suite("What drivers are told")
struct RouteBoardTests {
    private static let (one, two) = (IPAddress(ipv4: 0xC000_0201), IPAddress(ipv4: 0xC000_0202))

    @Test("a change is told once; the limit hides what is above it, and gives it back")
    func limits() {
        var board = RouteBoard()
        #expect(board.want(.home, for: Self.one) == [.init(address: Self.one, level: .home)])
        #expect(board.want(.home, for: Self.one) == [])
        #expect(board.want(.backup, for: Self.two).count == 1)
        #expect(
            board.limit(to: .lastResort) == [
                .init(address: Self.two, level: .lastResort), .init(address: Self.one, level: .lastResort),
            ])
        #expect(board.want(.none, for: Self.two) == [.init(address: Self.two, level: .none)])
        #expect(board.limit(to: .home) == [.init(address: Self.one, level: .home)])
    }

    @Test("what is forgotten is withdrawn, or stays at the level that is left of it")
    func forgets() {
        var board = RouteBoard()
        _ = board.want(.home, for: Self.one)
        _ = board.want(.none, for: Self.two)
        #expect(board.forget(above: .lastResort) == [.init(address: Self.one, level: .lastResort)])
        #expect(board.limit(to: .home) == [])
        #expect(board.forget(above: .none) == [.init(address: Self.one, level: .none)])
        #expect(board.forget(above: .none) == [])
    }

    @Test("what has failed is told again")
    func retries() {
        var board = RouteBoard()
        _ = board.want(.home, for: Self.one)
        #expect(board.isTold)
        board.failed(Self.one)
        #expect(!board.isTold)
        #expect(board.changes() == [.init(address: Self.one, level: .home)])
        #expect(board.isTold)
    }

    @Test("what holds is what was told and has not failed, better levels first")
    func standing() {
        var board = RouteBoard()
        _ = board.want(.none, for: Self.two)
        _ = board.want(.home, for: Self.one)
        #expect(
            board.standing == [.init(address: Self.one, level: .home), .init(address: Self.two, level: .none)])
        _ = board.limit(to: .lastResort)
        #expect(board.standing.first == .init(address: Self.one, level: .lastResort))
        board.failed(Self.one)
        #expect(board.standing == [.init(address: Self.two, level: .none)])
    }

    @Test("better levels go first")
    func order() {
        var board = RouteBoard()
        _ = board.limit(to: .none)
        _ = board.want(.backup, for: Self.two)
        _ = board.want(.home, for: Self.one)
        #expect(board.limit(to: .home).map(\.level) == [.home, .backup])
    }

    @Test(
        "how ExaBGP is told",
        arguments: [
            (RouteLevel.none, "withdraw route 192.0.2.1/32 next-hop self\n"),
            (.lastResort, "announce route 192.0.2.1/32 next-hop self med 1000 community [65535:0]\n"),
            (.backup, "announce route 192.0.2.1/32 next-hop self med 200\n"),
            (.home, "announce route 192.0.2.1/32 next-hop self med 100\n"),
        ])
    func exabgp(_ level: RouteLevel, _ line: String) { #expect(ExaBGPRouteDriver.line(Self.one, level) == line) }

    @Test("IPv6 addresses are announced alone too")
    func exabgpIPv6() throws {
        let address = try #require(IPAddress("2001:db8::1"))
        #expect(ExaBGPRouteDriver.line(address, .home).hasPrefix("announce route 2001:db8::1/128 "))
    }

    @Test(
        "the values of --announce",
        arguments: [
            ("link:relay0", AnnounceMethod.link("relay0")), ("exabgp", .exabgp(pipe: nil)),
            ("exabgp:/run/exabgp.in", .exabgp(pipe: "/run/exabgp.in")), ("exec:echo a:b", .command("echo a:b")),
            ("link:", nil), ("link:a-name-too-long", nil), ("link:a/b", nil), ("exabgp:relative", nil), ("exec:", nil),
            ("bird", nil), ("", nil),
        ])
    func methods(_ text: String, _ method: AnnounceMethod?) { #expect(AnnounceMethod(text) == method) }

    @Test(
        "messages to the guard come back as they went",
        arguments: [
            GuardMessage.beat(CallSafety(isCarried: true)), .beat(CallSafety()), .beat(CallSafety(isShared: true)),
            .beat(CallSafety(isCarried: true, isShared: true)),
            .beat(CallSafety(isShared: true, isAlone: true)), .ready, .leaving, .options, .route(one, .lastResort),
            .route(two, .none), .failed(why: "/f:3: tos: 'x'  is not a number"),
        ])
    func messages(_ message: GuardMessage) { #expect(GuardMessage(message.text) == message) }

    @Test(
        "no other text is a message",
        arguments: ["", "beat lost", "ready now", "failed", "route 192.0.2.1", "route x home", "ro"])
    func noMessages(_ text: String) { #expect(GuardMessage(text) == nil) }

    @Test("commands run one at a time, and the last word counts")
    func commands() {
        var queue = CommandQueue()
        queue.add(Self.one, .home)
        #expect(queue.next(at: 0) == .start(Self.one, .home))
        queue.started(7, for: Self.one, at: 0)
        queue.add(Self.two, .backup)
        queue.add(Self.one, .lastResort)
        queue.add(Self.one, .none)
        #expect(queue.next(at: 1) == nil)
        #expect(queue.next(at: CommandQueue.limit) == .kill(7))
        #expect(queue.next(at: CommandQueue.limit + 1) == nil, "once is enough while it has the time to end")
        #expect(queue.next(at: 2 * CommandQueue.limit) == .kill(7))
        #expect(queue.ended(8) == nil)
        #expect(queue.ended(7) == Self.one)
        #expect(queue.next(at: 2) == .start(Self.two, .backup))
        queue.started(9, for: Self.two, at: 2)
        #expect(queue.ended(9) == Self.two)
        #expect(queue.next(at: 3) == .start(Self.one, .none))
        queue.started(10, for: Self.one, at: 3)
        #expect(queue.ended(10) == Self.one)
        #expect(queue.isIdle)
    }
}
