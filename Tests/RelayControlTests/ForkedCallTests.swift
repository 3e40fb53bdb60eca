import NGProtocol
import RelayCore
import RelayTestSupport
import Testing

@Suite("A forked call: one INVITE, two phones that ring")
struct ForkedCallTests {
    private func fork(on proxy: TestProxy) throws -> (first: UInt16, second: UInt16) {
        (
            try proxy.offer(SDPText.invite, branch: "z9hG4bK-1").port,
            try proxy.offer(SDPText.invite, branch: "z9hG4bK-2").port
        )
    }

    @Test("Each branch gets a port of its own; alice has one for both")
    func ports() throws {
        let proxy = try TestProxy()
        let ports = try fork(on: proxy)
        #expect(ports.first != ports.second)
        let first = try proxy.answer(SDPText.ok, to: "bob", branch: "z9hG4bK-1")
        let second = try proxy.answer(SDPText.ok, to: "carol", branch: "z9hG4bK-2")
        #expect(first.port == second.port)
        #expect(proxy.usedPorts == 6)
        let report = try proxy.query()
        #expect(report.tags == ["alice", "bob", "carol"])
        #expect(report.localPorts("bob").first == Int64(ports.first))
        #expect(report.localPorts("carol").first == Int64(ports.second))
        #expect(report.side("alice")?["subscriptions"] == [["tag": "carol", "type": "offer/answer"]])
    }

    @Test("A branch that is offered again keeps its port")
    func repeatedBranch() throws {
        let proxy = try TestProxy()
        let ports = try fork(on: proxy)
        #expect(try proxy.offer(SDPText.invite, branch: "z9hG4bK-1").port == ports.first)
    }

    @Test("A delete with a branch ends that branch; the call goes on")
    func deleteBranch() async throws {
        let proxy = try TestProxy()
        let ports = try fork(on: proxy)
        _ = try proxy.answer(SDPText.ok, to: "bob", branch: "z9hG4bK-1")
        #expect(try proxy.delete(from: "alice", branch: "z9hG4bK-2").result == "ok")
        let report = try proxy.query()
        #expect(report.tags == ["alice", "bob"])
        #expect(report.localPorts("bob").first == Int64(ports.first))

        #expect(try proxy.delete(from: "alice", branch: "z9hG4bK-1").result == "ok")
        #expect(try proxy.list().isEmpty)
        try await proxy.requireAllPortsFree()
    }

    @Test("A BYE from the phone that answered ends the call, although the other one never did")
    func calleeHangsUp() async throws {
        let proxy = try TestProxy()
        _ = try fork(on: proxy)
        _ = try proxy.answer(SDPText.ok, to: "carol", branch: "z9hG4bK-2")
        _ = try proxy.delete(from: "carol")
        #expect(proxy.callCount == 0)
        try await proxy.requireAllPortsFree()
    }

    @Test("A delete without a branch ends what is left")
    func deleteRest() async throws {
        let proxy = try TestProxy()
        _ = try fork(on: proxy)
        _ = try proxy.answer(SDPText.ok, to: "bob", branch: "z9hG4bK-1")
        _ = try proxy.answer(SDPText.ok, to: "carol", branch: "z9hG4bK-2")
        _ = try proxy.delete(from: "alice", branch: "z9hG4bK-1")
        #expect(try proxy.query().tags == ["alice", "carol"])
        _ = try proxy.delete(from: "alice")
        #expect(proxy.callCount == 0)
        try await proxy.requireAllPortsFree()
    }

    @Test("An answer with more m-lines than its branch was offered: those beyond are rejected")
    func branchesDiffer() throws {
        let proxy = try TestProxy()
        let video = SDPText.lines("m=video 4002 RTP/AVP 96", "a=rtpmap:96 H264/90000")
        _ = try proxy.offer(SDPText.invite, branch: "z9hG4bK-1")
        _ = try proxy.offer(SDPText.invite + video, branch: "z9hG4bK-2")
        let reply = try proxy.answer(SDPText.ok + video, to: "bob", branch: "z9hG4bK-1")
        #expect(reply.result == "ok")
        #expect(reply.ports.count == 2)
        #expect(reply.ports.last == 0)
    }

    @Test("Two phones behind one branch share its port, and whoever has answered last is heard there")
    func sharedBranch() throws {
        let proxy = try TestProxy()
        let port = try proxy.offer(SDPText.invite, branch: "z9hG4bK-1").port
        let progress = try proxy.answer(SDPText.ok, to: "bob", branch: "z9hG4bK-1")
        #expect(progress.result == "ok")
        let final = try proxy.answer(SDPText.ok, to: "carol", branch: "z9hG4bK-1")
        #expect(final.result == "ok")
        #expect(final.port == progress.port)
        #expect(try proxy.query().localPorts("carol").first == Int64(port))
        #expect(proxy.usedPorts == 4)
    }

    @Test("The second phone behind a branch does not get the port of another branch")
    func sharedBranchOfSeveral() throws {
        let proxy = try TestProxy()
        let ports = try fork(on: proxy)
        _ = try proxy.answer(SDPText.ok, to: "bob", branch: "z9hG4bK-1")
        _ = try proxy.answer(SDPText.ok, to: "carol", branch: "z9hG4bK-1")
        #expect(try proxy.query().localPorts("carol").first == Int64(ports.first))
        _ = try proxy.answer(SDPText.ok, to: "dave", branch: "z9hG4bK-2")
        #expect(try proxy.query().localPorts("dave").first == Int64(ports.second))
    }

    @Test(
        "A to-tag that is asked for ends one branch: the key alone, as Kamailio sends it, or the flag beside `rtpp-flags`"
    )
    func deleteOneAnswer() throws {
        for options in [["delete-delay": 0], ["delete-delay": 0, "rtpp-flags": "to-tag"]] as [NGDictionary] {
            let proxy = try TestProxy()
            _ = try fork(on: proxy)
            _ = try proxy.answer(SDPText.ok, to: "bob", branch: "z9hG4bK-1")
            _ = try proxy.answer(SDPText.ok, to: "carol", branch: "z9hG4bK-2")
            #expect(try proxy.delete(from: "alice", to: "bob", with: options).warning == nil)
            let report = try proxy.query()
            #expect(report.tags == ["alice", "carol"])
            #expect(report.side("alice")?["subscriptions"] == [["tag": "carol", "type": "offer/answer"]])
            #expect(report.side("carol")?["subscriptions"] == [["tag": "alice", "type": "offer/answer"]])
        }
    }

    @Test("A branch that refuses after its early media does not end the one that still rings")
    func refusedAfterProgress() throws {
        let proxy = try TestProxy()
        let ports = try fork(on: proxy)
        _ = try proxy.answer(SDPText.ok, to: "bob", branch: "z9hG4bK-1")
        _ = try proxy.delete(from: "alice", to: "bob")
        #expect(try proxy.answer(SDPText.ok, to: "carol", branch: "z9hG4bK-2").result == "ok")
        #expect(try proxy.query().localPorts("carol").first == Int64(ports.second))
    }

    @Test("A BYE that names the only branch with an answer ends the call when no other one can be answered any more")
    func byeBesideRinging() async throws {
        var timeouts = Timeouts()
        timeouts.media = .seconds(3600)  // as for a call on hold
        let proxy = try TestProxy(timeouts: timeouts, runsHousekeeping: false)
        _ = try fork(on: proxy)
        _ = try proxy.answer(SDPText.ok, to: "bob", branch: "z9hG4bK-1")
        _ = try proxy.delete(from: "alice", to: "bob", with: ["delete-delay": 0])
        let now = SystemClock.monotonic
        proxy.relay.sweep(at: now + 30_000_000_000)
        #expect(proxy.callCount == 1, "the other branch still rings")
        proxy.relay.sweep(at: now + 201_000_000_000)
        #expect(proxy.callCount == 0)
    }

    @Test("A tag that nobody has asked for ends the whole call: beside `rtpp-flags` Kamailio always sends one")
    func deleteWithUnaskedTag() async throws {
        let proxy = try TestProxy()
        _ = try fork(on: proxy)
        _ = try proxy.answer(SDPText.ok, to: "bob", branch: "z9hG4bK-1")
        _ = try proxy.answer(SDPText.ok, to: "carol", branch: "z9hG4bK-2")
        _ = try proxy.delete(from: "alice", to: "bob", with: ["delete-delay": 0, "rtpp-flags": "trust-address"])
        #expect(proxy.callCount == 0)
        try await proxy.requireAllPortsFree()
    }

    @Test("With several branches to come from, a refusal with a tag of its own ends none; with its branch, that one")
    func refusals() throws {
        let proxy = try TestProxy()
        let ports = try fork(on: proxy)
        #expect(try proxy.delete(from: "alice", to: "bob").warning == "Call-ID not found or tags didn't match")
        #expect(proxy.usedPorts == 6)
        #expect(try proxy.delete(from: "alice", to: "bob", branch: "z9hG4bK-1").warning == nil)
        _ = try proxy.answer(SDPText.ok, to: "carol", branch: "z9hG4bK-2")
        let report = try proxy.query()
        #expect(report.tags == ["alice", "carol"])
        #expect(report.localPorts("carol").first == Int64(ports.second))
    }

    @Test("A challenged INVITE leaves nothing behind: its branch ends when its delayed delete is due")
    func challenged() async throws {
        let proxy = try TestProxy(runsHousekeeping: false)
        _ = try proxy.offer(SDPText.invite, branch: "z9hG4bK-1")
        _ = try proxy.delete(from: "alice", branch: "z9hG4bK-1", with: ["delete-delay": 30])
        let deleted = SystemClock.monotonic
        _ = try proxy.offer(SDPText.invite, branch: "z9hG4bK-2")
        _ = try proxy.answer(SDPText.ok, branch: "z9hG4bK-2")
        #expect(proxy.usedPorts == 6)
        _ = try await eventually("the ports of the first branch are free") {
            proxy.relay.sweep(at: deleted + Duration.seconds(31).nanoseconds)
            proxy.relay.collect()
            return proxy.usedPorts == 4 ? true : nil
        }
        #expect(try proxy.query().tags == ["alice", "bob"])
    }

    @Test("A branch that rejects the media does not take it from the other")
    func oneBranchRejects() throws {
        let proxy = try TestProxy()
        _ = try fork(on: proxy)
        let rejected = try proxy.answer(SDPText.audio(at: "198.51.100.2", port: 0), to: "bob", branch: "z9hG4bK-1")
        #expect(rejected.ports == [0])
        let accepted = try proxy.answer(SDPText.ok, to: "carol", branch: "z9hG4bK-2")
        #expect(accepted.port != 0)
        #expect(try proxy.query().localPorts("alice").first == Int64(accepted.port))
    }
}
