import NGProtocol
import Testing

@Suite("Error replies, letter for letter as rtpengine's")
struct ErrorReplyTests {
    @Test(
        "A message that says nothing useful",
        arguments: [
            ("", "d6:result5:error12:error-reason25:Invalid data (no payload)e"),
            ("x", "d6:result5:error12:error-reason22:Invalid NG data formate"),
            ("d3:foo", "d6:result5:error12:error-reason35:Could not decode bencode dictionarye"),
            ("d1:ai1ee", "d6:result5:error12:error-reason36:Dictionary contains no key \"command\"e"),
            ("d7:command3:fooe", "d6:result5:error12:error-reason20:Unrecognized commande"),
            ("d7:command5:query7:call-id3:1@ae", "d6:result5:error12:error-reason15:Unknown call-ide"),
        ])
    func message(body: String, reply: String) throws {
        #expect(try TestProxy().exchange(body: body) == reply)
    }

    @Test("An offer without readable SDP")
    func unreadableSDP() throws {
        let reply = try TestProxy().offer("foo")
        #expect(reply.dictionary == ["result": "error", "error-reason": "Failed to parse SDP"])
    }

    @Test("An answer to a call that nobody has offered")
    func unknownCall() throws {
        let reply = try TestProxy().answer(SDPText.ok)
        #expect(reply.dictionary == ["result": "error", "error-reason": "Unknown call-id"])
    }

    @Test(
        "An offer that lacks what it needs",
        arguments: [
            ("d7:command5:offer7:call-id1:c8:from-tag1:fe", "No SDP body in message"),
            ("d7:command5:offer3:sdp3:v=08:from-tag1:fe", "No call-id in message"),
            ("d7:command5:offer3:sdp3:v=07:call-id1:ce", "No from-tag in message"),
            ("d7:command6:answer3:sdp3:v=07:call-id1:c8:from-tag1:fe", "No to-tag in message"),
        ])
    func missingKey(body: String, reason: String) throws {
        let reply = "d6:result5:error12:error-reason\(reason.utf8.count):\(reason)e"
        #expect(try TestProxy().exchange(body: body) == reply)
    }

    @Test("A reply is written like its command: bencode or JSON")
    func formats() throws {
        let proxy = try TestProxy()
        #expect(try proxy.exchange(body: "d7:command4:pinge") == "d6:result4:ponge")
        #expect(try proxy.exchange(body: #"{"command":"ping"}"#) == #"{"result":"pong"}"#)
        #expect(try proxy.exchange(body: #"{"command":"list"}"#) == #"{"calls":[],"result":"ok"}"#)
        let offer = SDPText.invite.replacing("\r\n", with: "\\r\\n")
        let reply = try proxy.exchange(
            body: #"{"command":"offer","call-id":"1","from-tag":"a","sdp":"\#(offer)"}"#)
        #expect(reply.hasPrefix(#"{"sdp":"v=0\r\n"#))
        #expect(reply.hasSuffix(#""result":"ok"}"#))
    }

    @Test("What has no cookie gets no reply")
    func noCookie() throws {
        #expect(try TestProxy().exchange(Array(" d7:command4:pinge".utf8)) == nil)
        #expect(try TestProxy().exchange(Array("d7:command4:pinge".utf8)) == nil)
    }
}
