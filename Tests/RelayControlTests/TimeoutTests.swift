import NGProtocol
import RelayCore
import Testing
import WireFormat

@Suite("Calls that nobody ends, by a clock that the test moves")
struct TimeoutTests {
    /// Before the test.
    private let start = SystemClock.monotonic

    /// Looks after the calls as if this much time had gone by since the last command.
    private func pass(_ seconds: Int, on proxy: TestProxy) {
        proxy.relay.sweep(at: SystemClock.monotonic + Duration.seconds(seconds).nanoseconds)
    }

    /// Looks after the calls as if no more than this had gone by since the first command, however long that has taken.
    private func pass(atMost seconds: Int, on proxy: TestProxy) {
        proxy.relay.sweep(at: start + Duration.seconds(seconds).nanoseconds)
    }

    /// The call is there until shortly before the limit, and gone after it, with all its ports.
    private func expectEnd(
        after seconds: Int, _ reason: TerminationReason, on proxy: TestProxy,
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(proxy.callCount == 1, sourceLocation: location)
        pass(atMost: seconds - 10, on: proxy)
        #expect(proxy.callCount == 1, "ended early", sourceLocation: location)
        pass(seconds, on: proxy)
        #expect(proxy.callCount == 0, "not ended", sourceLocation: location)
        for other in TerminationReason.allCases {
            #expect(proxy.relay.endedCalls(other) == (other == reason ? 1 : 0), "\(other)", sourceLocation: location)
        }
    }

    /// A call with these attributes on both sides.
    private func call(_ alice: String, _ bob: String, _ timeouts: Timeouts = Timeouts()) throws -> TestProxy {
        let proxy = try TestProxy(timeouts: timeouts, runsHousekeeping: false)
        _ = try proxy.offer(SDPText.audio(alice))
        _ = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 5000, bob))
        return proxy
    }

    @Test("An answered call without a packet ends after 60 s")
    func media() throws {
        expectEnd(after: 60, .timeout, on: try call("a=sendrecv", "a=sendrecv"))
    }

    @Test("A call that was never answered ends after 3600 s")
    func offer() throws {
        let proxy = try TestProxy(runsHousekeeping: false)
        _ = try proxy.offer(SDPText.invite)
        expectEnd(after: 3600, .offerTimeout, on: proxy)
    }

    @Test("A call on hold on both sides ends after 3600 s")
    func hold() throws {
        expectEnd(after: 3600, .silentTimeout, on: try call("a=inactive", "a=inactive"))
    }

    @Test("So does one that was held the old way, with 0.0.0.0")
    func oldStyleHold() throws {
        let proxy = try call("a=sendrecv", "a=sendrecv")
        _ = try proxy.offer(SDPText.audio(at: "0.0.0.0"), to: "bob")
        _ = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 5000, "a=recvonly"))
        expectEnd(after: 3600, .silentTimeout, on: proxy)
    }

    @Test("`final-timeout` ends any call, held or not")
    func final() throws {
        var timeouts = Timeouts()
        timeouts.final = .seconds(1800)
        expectEnd(after: 1800, .finalTimeout, on: try call("a=inactive", "a=inactive", timeouts))
    }

    @Test("A deleted call goes on for the delay, then ends")
    func deleteDelay() throws {
        let proxy = try call("a=sendrecv", "a=sendrecv")
        #expect(try proxy.delete(with: [:]).result == "ok")
        expectEnd(after: 30, .regular, on: proxy)
    }

    @Test("A delay longer than any clock runs is no early end")
    func endlessDelay() throws {
        let proxy = try call("a=sendrecv", "a=inactive")
        #expect(try proxy.delete(with: ["delete-delay": .integer(.max)]).result == "ok")
        pass(atMost: 50, on: proxy)
        #expect(proxy.callCount == 1)
    }

    @Test("A call without ports ends, although some address is not routed here")
    func uncarried() throws {
        let proxy = try TestProxy(runsHousekeeping: false)
        proxy.relay.setUncarried([IPAddress(ipv4: 0xC633_6401)])
        _ = try proxy.offer(SDPText.audio(port: 0))
        expectEnd(after: 3600, .offerTimeout, on: proxy)
    }

    @Test("An offer within the delay revives the call, with the same ports")
    func revived() throws {
        let proxy = try TestProxy(runsHousekeeping: false)
        let port = try proxy.offer(SDPText.audio()).port
        _ = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 5000))
        _ = try proxy.delete(with: [:])
        #expect(try proxy.offer(SDPText.audio(), to: "bob").port == port)
        pass(40, on: proxy)
        #expect(proxy.callCount == 1)
    }
}
