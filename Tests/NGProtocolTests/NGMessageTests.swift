import Testing
import WireFormat

@testable import NGProtocol

@Suite struct NGMessageTests {
    @Test(
        "the cookie is what comes before the first space",
        arguments: [
            ("0_2189_17 d7:command4:pinge", "0_2189_17", "d7:command4:pinge"), ("c ", "c", ""), ("c  x", "c", " x"),
            ("6a9d7b0e-8a7e-4a51-9a8e-3f5b0c1d2e3f {}", "6a9d7b0e-8a7e-4a51-9a8e-3f5b0c1d2e3f", "{}"),
        ])
    func splits(_ datagram: String, _ cookie: String, _ body: String) throws {
        let message = try #require(NGMessage(datagram: Array(datagram.utf8)))
        #expect(message.cookie == ByteString(cookie))
        #expect(Array(message.body) == Array(body.utf8))
    }

    @Test(
        "without a cookie there is no message", arguments: ["", " ", " d7:command4:pinge", "d7:command4:pinge", "x\n"])
    func refuses(_ datagram: String) {
        #expect(NGMessage(datagram: Array(datagram.utf8)) == nil)
    }

    @Test("a reply has the cookie of its request and the format of its body")
    func reply() throws {
        let message = try #require(NGMessage(datagram: Array("c_1 d7:command4:pinge".utf8)))
        #expect(message.reply(.pong, as: .bencode) == Array("c_1 d6:result4:ponge".utf8))
        #expect(message.reply(.pong, as: .json) == Array(#"c_1 {"result":"pong"}"#.utf8))
    }

    @Test(
        "says what is wrong with a body, in the words that clients know",
        arguments: [
            ("", "Invalid data (no payload)"), ("x", "Invalid NG data format"), ("[1]", "Invalid NG data format"),
            (" d7:command4:pinge", "Invalid NG data format"), ("\0", "Invalid NG data format"),
            ("d3:foo", "Could not decode bencode dictionary"), ("{\"command\":", "Failed to parse JSON document"),
            ("{\"command\":1e9}", "Could not decode JSON dictionary"),
            ("d1:ai1ee", "Dictionary contains no key \"command\""), ("{}", "Dictionary contains no key \"command\""),
            ("d7:commandi4ee", "Dictionary contains no key \"command\""), ("d7:command3:fooe", "Unrecognized command"),
            ("d7:command4:PINGe", "Unrecognized command"), ("d7:command15:start-recordinge", "Unrecognized command"),
            ("d7:command0:e", "Unrecognized command"), ("d7:command13:start forwarde", "Unrecognized command"),
        ])
    func errors(_ body: String, _ reason: String) {
        let error = #expect(throws: NGError.self) {
            _ = try NGRequest(try NGCodec.decode(Array(body.utf8)).dictionary)
        }
        #expect(error?.errorReason == reason)
    }

    @Test("replies have their keys in the order that clients see today")
    func replies() {
        #expect(
            NGCodec.encode(.failure("Ran out of ports"), as: .bencode)
                == Array("d6:result5:error12:error-reason16:Ran out of portse".utf8))
        #expect(NGDictionary.failure(NGError(.outOfPorts)) == .failure("Ran out of ports"))
        #expect(
            NGDictionary.loadLimit("Load limit exceeded") == ["result": "load limit", "message": "Load limit exceeded"])
        var reply: NGDictionary = ["sdp": "v=0\r\n"]
        reply.finish()
        #expect(reply == ["sdp": "v=0\r\n", "result": "ok"])
        var warned = NGDictionary()
        warned.finish(warning: NGError.Reason.nothingToDelete.rawValue)
        #expect(warned == ["warning": "Call-ID not found or tags didn't match", "result": "ok"])
    }
}

@Suite struct TranscriptTests {
    @Test("the transcript is all there")
    func complete() { #expect(Exchange.all.count == 19) }

    @Test("writes every reply of a transcript as it was", arguments: Exchange.all)
    func replies(_ exchange: Exchange) throws {
        let message = try #require(NGMessage(datagram: exchange.reply))
        let decoded = try NGCodec.decode(message.body)
        #expect(message.reply(decoded.dictionary, as: decoded.format) == exchange.reply)
    }

    @Test("says the same in JSON", arguments: Exchange.all)
    func json(_ exchange: Exchange) throws {
        let dictionary = try dictionary(of: exchange.reply)
        #expect(try NGCodec.decode(NGCodec.encode(dictionary, as: .json)).dictionary == dictionary)
    }

    @Test(
        "answers every request that it cannot read as in the transcript, and reads the others", arguments: Exchange.all)
    func requests(_ exchange: Exchange) throws {
        let message = try #require(NGMessage(datagram: exchange.request))
        do {
            let request = try NGRequest(try NGCodec.decode(message.body).dictionary)
            #expect(request.warnings.isEmpty)
        } catch {
            #expect(message.reply(.failure(error), as: .bencode) == exchange.reply)
        }
    }

    @Test("reads every reply in every number of pieces", arguments: Exchange.all.filter { $0.reply.count < 600 })
    func prefixes(_ exchange: Exchange) throws {
        let body = try #require(NGMessage(datagram: exchange.reply)).body
        for end in body.indices.dropFirst() {
            #expect(throws: NGError.self) { try NGCodec.decode(body[..<end]) }
        }
    }
}

@Suite struct NGCommandTests {
    @Test("a command is found by its name", arguments: NGCommand.allCases)
    func names(_ command: NGCommand) {
        #expect(NGCommand(wireName: ByteString(command.rawValue)) == command)
    }

    @Test("cli is also spelled CLI, and no other command is spelled twice")
    func spelling() {
        #expect(NGCommand(wireName: "CLI") == .cli)
        #expect(NGCommand(wireName: "Offer") == nil)
        #expect(NGCommand(wireName: "play dtmf") == nil)
    }

    @Test("the names in the statistics are those of the transcript, in its order")
    func statistics() throws {
        let reply = try dictionary(
            of: try #require(Exchange.all.first { $0.request.starts(with: Array("c_6 ".utf8)) }).reply)
        let control = try #require(reply["statistics"]?.dictionary?["controlstatistics"]?.dictionary)
        let totals = control.entries.map(\.key).filter { $0 != "proxies" }
        #expect(totals == NGCommand.allCases.map { ByteString("total\($0.statisticsName.lowercased())count") })
    }
}
