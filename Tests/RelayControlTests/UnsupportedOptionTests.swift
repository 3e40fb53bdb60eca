import NGProtocol
import Testing

@Suite("What is asked for but not built is said, and the call goes on")
struct UnsupportedOptionTests {
    @Test(
        "A warning names what is missing",
        arguments: [
            (["ICE": "force"], "not supported: ICE"),
            (["codec": ["transcode": ["PCMA"]]], "not supported: codec-transcode"),
            (["flags": ["codec-transcode-PCMA"]], "not supported: codec-transcode"),
            (["ICE": "force", "record call": "yes"], "not supported: ICE, record-call"),
        ] as [(NGDictionary, String)])
    func warning(options: NGDictionary, text: String) throws {
        let reply = try TestProxy().offer(SDPText.invite, with: options)
        #expect(reply.warning == text)
        #expect(reply.result == "ok")
        #expect(reply.port != 0)
    }

    @Test("What needs nothing done gives no warning")
    func noWarning() throws {
        let options: NGDictionary = ["ICE": "remove", "transport-protocol": "RTP/AVP", "flags": ["trust-address"]]
        #expect(try TestProxy().offer(SDPText.invite, with: options).warning == nil)
    }

    @Test("A command that is not built says so")
    func command() throws {
        let reply = try TestProxy().send(["command": "play DTMF", "call-id": "1"])
        #expect(reply.errorReason == "Command 'play DTMF' is not supported by this relay")
    }
}
