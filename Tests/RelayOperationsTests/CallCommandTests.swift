import DaemonOptions
import RelayControl
import RelayCore
import RelayOperations
import Testing
import WireFormat

@Suite("Console commands about one call, in rtpengine's words")
struct CallCommandTests {
    private static func sdp(_ port: Int) -> [UInt8] {
        Array(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio \(port) RTP/AVP 8\r\n"
                .utf8)
    }

    /// With call 1 between a and b.
    private static func relay() throws -> Relay {
        let relay = try Relay(
            Relay.Configuration(interfaces: [MediaInterface(local: IPAddress(ipv4: 0x7F00_0001))]),
            runsHousekeeping: false)
        _ = try relay.offer(Offer(callID: "1", fromTag: "a", sdp: sdp(4000)))
        _ = try relay.answer(Answer(callID: "1", fromTag: "a", toTag: "b", sdp: sdp(5000)))
        return relay
    }

    @Test(arguments: [
        ("debug", "No call ID specified\n"), ("debug x", "Call ID 'x' not found\n"),
        ("debug 1", "Enabled debugging for call '1'\n"), ("debug 1 off", "Disabled debugging for call '1'\n"),
        ("call 1 debug on", "Enabled debugging for call '1'\n"), ("call 1", "More parameters required.\n"),
        ("call 1 debug off", "Disabled debugging for call '1'\n"), ("call x info", "No such call 'x'\n"),
        ("call 1 tag", "More parameters required.\n"), ("call 1 tag x info", "No such tag 'x'\n"),
        ("call 1 tag a delay 5", "Not available: media is not delayed.\n"),
        ("call 1 tag a x", "Unknown or incomplete command::x\n"), ("call 1 x", "Unknown or incomplete command::x\n"),
        ("call 1 terminate", "\nCall '1' terminated.\n\n"), ("active", "Ok, all calls set to 'owned (active)'\n"),
        ("standby", "Not available: calls are not shared with other relays.\n"),
        ("set maxopenfiles 100", "Fail setting open_files to 100; can't set it under 65536\n"),
        ("set maxopenfiles x", "More parameters required.\n"), ("list redisallowederrors", "-1\n"),
        ("list redisdisabletime", "10\n"), ("list redisconnecttimeout", "1000\n"), ("list rediscmdtimeout", "0\n"),
        ("nope nope", "Unknown or incomplete command::nope nope\n"),
    ])
    func answers(_ line: String, _ expected: String) async throws {
        let relay = try Self.relay()
        defer { relay.stop() }
        let (console, traced) = (Console(), TracedCalls())
        for command in CallCommands.all(relay, traced) + TraceCommands.all(relay, traced)
            + OwnershipCommands.all(relay, isShared: false) + SettingCommands.all(LiveConfiguration(.init()) { _ in })
        {
            console.add(command)
        }
        #expect(await console.answer(line) == expected)
        #expect(traced.contains("1") == expected.hasPrefix("Enabled"))
    }

    @Test("A tag's side, with its ports")
    func tag() async throws {
        let relay = try Self.relay()
        defer { relay.stop() }
        let console = Console()
        for command in CallCommands.all(relay, TracedCalls()) { console.add(command) }
        let text = await console.answer("call 1 tag b info")
        #expect(text.hasPrefix("\n--- Tag 'b', type: TO_TAG, label '', branch '', callduration "))
        #expect(
            text.contains("---     subscribed to 'a'\n") && text.contains("127.0.0.1:5000 ") && !text.contains(":4000 ")
        )
    }
}
