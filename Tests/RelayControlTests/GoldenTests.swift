import NGProtocol
import RelayCore
import RelayTestSupport
import Testing
import WireFormat

@Suite("Conversations with a SIP proxy, written down in Golden/")
struct GoldenTests {
    /// Without this, an empty folder would pass.
    @Test func casesAreFound() { #expect(GoldenCase.all.count >= 40) }

    @Test(
        "A case that is written wrongly is not passed over",
        arguments: [
            ("--> ping\n\n--> ping\n<--\nresult: pong\n", "line 1: a command without a reply"),
            ("--> ping\n<---\nresult: pong\n", "line 1: a command without a reply"),
            ("--> ping\n<--\nresult: pong\n<--\nresult: pong\n", "line 4: '<--' belongs to nothing"),
            (
                "interfaces: 127.0.0.1\n--> ping\n<--\nresult: pong\n",
                "line 1: 'interfaces: 127.0.0.1' belongs to nothing"
            ),
            ("alias: x\n--> ping\n<--\nresult: pong\n", "line 1: 'alias: x' belongs to nothing"),
            ("# Only words.\n", "nothing happens"),
        ])
    func flaw(text: String, flaw: String) async {
        let example = GoldenCase("wrong", text)
        #expect(example.flaw == flaw)
        await #expect(throws: (any Error).self) { try await Conversation.hold(example, .each) }
    }

    @Test(arguments: GoldenCase.all)
    func goes(_ example: GoldenCase) async throws { try await Conversation.hold(example, .each) }
}

/// The same conversations and packets give the same results where ports share sockets. One at a time: each relay adds a
/// program to the look-ups of the whole network namespace, which takes 64.
@Suite(
    "Conversations written down in Golden/, ports sharing sockets", .serialized,
    .enabled(if: PortMode.obstacle == nil, Comment(rawValue: PortMode.obstacle ?? "")))
struct SharedPortGoldenTests {
    @Test(arguments: GoldenCase.all)
    func goes(_ example: GoldenCase) async throws { try await Conversation.hold(example, .shared) }
}

/// A golden case while it runs.
private final class Conversation {
    private let proxy: TestProxy
    private var matcher = GoldenMatcher()
    private var phones: [String: GoldenPhone] = [:]
    private var lastStep = ContinuousClock.now
    private var longestStep = Duration.zero

    private init(_ proxy: TestProxy) { self.proxy = proxy }

    /// Who is let in at a port depends on how long others have been silent (`SourceLatch.rebindSilence`). A conversation
    /// in which a busy machine has put in silences that are not written down says nothing; it is held again.
    static func hold(_ example: GoldenCase, _ mode: PortMode) async throws {
        if let flaw = example.flaw { throw Flaw(description: flaw) }
        for attempt in 1...4 {
            let conversation = Conversation(
                try TestProxy(interfaces: example.interfaces, aliases: example.aliases, mode: mode))
            defer { conversation.close() }
            do {
                for step in example.steps { try await conversation.take(step) }
                return
            } catch {
                if attempt == 4 || conversation.longestStep < .seconds(1) { throw error }
            }
        }
    }

    private func close() { for phone in phones.values { phone.close() } }

    private func take(_ step: GoldenCase.Step) async throws {
        defer {
            let now = ContinuousClock.now
            longestStep = max(longestStep, now - lastStep)
            lastStep = now
        }
        switch step {
        case .command(let command, let expected, let line):
            var wanted: [String] = []
            for text in expected { wanted.append(try await filled(text)) }
            // What packets have taught comes to the calls a moment later, by the housekeeper.
            let deadline = ContinuousClock.now + (command["command"] == "query" ? .seconds(10) : .zero)
            while true {
                let isLastLook = ContinuousClock.now >= deadline
                let lines = NGText.lines(try proxy.send(try await filled(command)).dictionary)
                var attempt = matcher
                guard let mismatch = attempt.mismatch(lines, wanted) else { return matcher = attempt }
                guard isLastLook else {
                    try await Task.sleep(for: .milliseconds(5))
                    continue
                }
                throw Flaw(
                    description: "line \(line): \(mismatch)\n\nThe whole reply:\n\(lines.joined(separator: "\n"))")
            }
        case .media(let text, let line): try await media(text, line)
        }
    }

    private struct Flaw: Error, CustomStringConvertible { let description: String }

    /// `@alice` is alice's address, `@port` a port of the relay's range.
    private func filled(_ text: String) async throws -> String {
        var text = text.replacing("@port", with: "\(proxy.ports.lowerBound)")
        while let at = text.firstIndex(of: "@"), let name = name(in: text[text.index(after: at)...]) {
            text.replaceSubrange(at...text.index(at, offsetBy: name.count), with: "\(try await phone(name).address)")
        }
        return text
    }

    private func name(in text: Substring) -> String? { ["alice", "bob", "carol"].first { text.hasPrefix($0) } }

    private func filled(_ dictionary: NGDictionary) async throws -> NGDictionary {
        var result = NGDictionary()
        for entry in dictionary.entries {
            result.append(entry.key, try await filled(entry.value))
        }
        return result
    }

    private func filled(_ value: NGValue) async throws -> NGValue {
        switch value {
        case .string(let octets): return .string(ByteString(try await filled("\(octets)")))
        case .list(let items):
            var list: [NGValue] = []
            for item in items { list.append(try await filled(item)) }
            return .list(list)
        default: return value
        }
    }

    private func phone(_ name: String) async throws -> GoldenPhone {
        if let phone = phones[name] { return phone }
        let phone = try await GoldenPhone(name)
        phones[name] = phone
        return phone
    }

    /// `alice sends 5 rtp 8 to $port`, `bob receives 5 rtp 8`, `bob receives nothing`; `alice:rtcp` is her RTCP port.
    private func media(_ text: String, _ line: Int) async throws {
        let words = text.split(separator: " ").map(String.init)
        try #require(words.count >= 3, "line \(line)")
        let name = words[0].split(separator: ":").map(String.init)
        let phone = try await phone(name[0])
        let isMinimum = words[2].hasSuffix("+")
        let count = Int(words[2].prefix { $0.isNumber }) ?? 0
        let packet = GoldenPhone.Packet(words.dropFirst(3))
        if words[1] == "sends" {
            let filled = matcher.filled(try #require(words.last))
            let sum = filled.split(separator: "+").compactMap { Int($0) }.reduce(0, +)
            let relay = TransportAddress(IPAddress(ipv4: 0x7F00_0001), port: try #require(UInt16(exactly: sum)))
            try await phone.send(try #require(packet), count: count, to: relay, fromRTCPPort: name.count > 1)
            return
        }
        let arrived = try await phone.receive(count, atRTCPPort: name.count > 1).map { GoldenPhone.Packet($0) }
        let expected = (0..<(isMinimum ? max(count, arrived.count) : count)).compactMap { _ in packet }
        guard arrived == expected else {
            throw Flaw(description: "line \(line): \(text), and not \(arrived)")
        }
        // A packet arrives before it is counted.
        let rounds = proxy.relay.knockOnMediaThreads()
        _ = try await eventually("the media thread comes round") {
            proxy.relay.knockOnMediaThreads() != rounds ? true : nil
        }
    }
}
