import NGProtocol
import RelayTestSupport
import Testing

@Suite("Commands in an order that no proxy should send")
struct ShuffledSignallingTests {
    private static let tags = ["alice", "bob", "carol"]
    private static let branches = [nil, "z9hG4bK-1", "z9hG4bK-2"]

    /// None to three m-lines of any kind, on hold or rejected or neither.
    private func description(_ random: inout SplitMix) -> String {
        let addresses = ["198.51.100.1", "198.51.100.2", "0.0.0.0"]
        let media = ["audio", "video", "image", "message"]
        let transports = ["RTP/AVP 8", "RTP/SAVP 8", "udptl t38", "TCP/MSRP *"]
        let directions = ["a=sendrecv", "a=sendonly", "a=inactive", "a=rtcp-mux"]
        var sdp = SDPText.lines("v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-")
        sdp += SDPText.lines("c=IN IP4 \(addresses.randomElement(using: &random) ?? "")", "t=0 0")
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let port = [0, 4000, 4010].randomElement(using: &random) ?? 0
            let kind = media.randomElement(using: &random) ?? ""
            sdp += "m=\(kind) \(port) \(transports.randomElement(using: &random) ?? "")\r\n"
            sdp += "\(directions.randomElement(using: &random) ?? "")\r\n"
        }
        return sdp
    }

    @Test("Every command gets a reply, and a delete still frees every port", arguments: 0..<UInt64(40))
    func shuffled(seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        let proxy = try TestProxy(interfaces: ["127.0.0.1", "::1"])
        for _ in 0..<40 {
            let (from, to) = (Self.tags.randomElement(using: &random) ?? "", Self.tags.randomElement(using: &random))
            let branch = Self.branches.randomElement(using: &random) ?? nil
            var options: NGDictionary = [:]
            if Bool.random(using: &random) { options.append("address family", "IP6") }
            if Bool.random(using: &random) { options.append("replace", ["origin-full", "SDP-version"]) }
            if Bool.random(using: &random) { options.append("rtcp-mux", ["offer", "accept"]) }
            let reply =
                switch Int.random(in: 0..<10, using: &random) {
                case 0: try proxy.delete(from: from, branch: branch)
                case 1: try proxy.query()
                case 2..<6:
                    try proxy.answer(
                        description(&random), from: from, to: to ?? "", branch: branch, with: options)
                default:
                    try proxy.offer(
                        description(&random), from: from, to: Bool.random(using: &random) ? to : nil, branch: branch,
                        with: options)
                }
            #expect(reply.result == "ok" || reply.errorReason != nil)
        }
        _ = try proxy.delete()
        #expect(proxy.callCount == 0)
        try await proxy.requireAllPortsFree()
    }
}
