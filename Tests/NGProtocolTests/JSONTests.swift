import Testing
import WireFormat

@testable import NGProtocol

@Suite struct JSONTests {
    private func decode(_ text: String) throws(NGError) -> NGDictionary {
        let decoded = try NGCodec.decode(Array(text.utf8))
        return decoded.dictionary
    }

    private func encode(_ dictionary: NGDictionary) -> String {
        String(decoding: NGCodec.encode(dictionary, as: .json), as: UTF8.self)
    }

    @Test(
        "reads what it writes",
        arguments: [
            #"{}"#, #"{"command":"ping"}"#, #"{"z":1,"a":-2,"m":[0,"",[{}],{}]}"#,
            #"{"n":9223372036854775807,"m":-9223372036854775808,"o":0}"#, #"{"":""}"#, #"{"a":1,"a":2}"#,
            #"{"sdp":"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n"}"#, #"{"a":"\"\\/\b\f\n\r\t\u0000\u001f"}"#,
            #"{"ключ":"значение €😀"}"#,
        ])
    func roundTrip(_ text: String) throws {
        #expect(encode(try decode(text)) == text)
        #expect(try NGCodec.decode(Array(text.utf8)).format == .json)
    }

    @Test("white space is where JSON allows it, and after the object")
    func whiteSpace() throws {
        #expect(try decode("{ \"a\" :\t[ 1 ,\r\n2 ] , \"b\" : { } }\n ") == ["a": [1, 2], "b": [:]])
    }

    @Test("escapes are octets afterwards")
    func escapes() throws {
        #expect(try decode(#"{"a":"\u0041\/\u00e9\uD83D\uDE00\u20AC"}"#)["a"] == "A/é😀€")
    }

    @Test("an SDP with its line ends as they are, for clients that do not escape")
    func unescapedControlCharacters() throws {
        #expect(try decode("{\"sdp\":\"v=0\r\ns=\t\"}")["sdp"] == "v=0\r\ns=\t")
    }

    @Test("what the protocol has no value for")
    func otherValues() throws {
        #expect(try decode(#"{"a":true,"b":false,"c":null,"d":[null,1,true]}"#) == ["a": 1, "b": 0, "d": [1, 1]])
        #expect(try decode(#"{"a":1.9,"b":-1.9,"c":0.5,"d":-0}"#) == ["a": 1, "b": -1, "c": 0, "d": 0])
    }

    @Test(
        "refuses what is not JSON",
        arguments: [
            "{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{\"a\" 1}", "{a:1}",
            "{'a':1}", "{\"a\":}", "{\"a\":[}", "{\"a\":[1,]}", "{\"a\":[1", "{\"a\":tru}", "{\"a\":nul", "{\"a\":01}",
            "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":-}", "{\"a\":--1}", "{\"a\":1 2}", "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12G4\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\ud800\\u0041\"}",
            "{\"a\":\"\\udc00\"}", "{\"a\":\"\\", "{\"a\":1}x", "{\"a\":1}{", "{1:2}", "{\"a\":NaN}",
        ])
    func refuses(_ text: String) {
        let error = #expect(throws: NGError.self) { try decode(text) }
        #expect(error?.errorReason == "Failed to parse JSON document")
    }

    @Test(
        "refuses JSON that the protocol cannot say",
        arguments: [
            #"{"a":9223372036854775808}"#, #"{"a":-9223372036854775809}"#, #"{"a":99999999999999999999999}"#,
            #"{"a":1e3}"#, #"{"a":1.5E3}"#,
        ])
    func refusesValues(_ text: String) {
        let error = #expect(throws: NGError.self) { try decode(text) }
        #expect(error?.errorReason == "Could not decode JSON dictionary")
    }

    @Test(
        "refuses strings that are not UTF-8",
        arguments: [
            [0xFF], [0x80], [0xC3], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xE2, 0x82, 0x41],
            [0xF0, 0x9F, 0x98, 0x41],
        ] as [[UInt8]])
    func refusesOctets(_ octets: [UInt8]) {
        let error = #expect(throws: NGError.self) {
            try NGCodec.decode(Array("{\"a\":\"".utf8) + octets + Array("\"}".utf8))
        }
        #expect(error == NGError(.invalidJSON, at: 6))
    }

    @Test("what it writes is UTF-8 whatever the octets are; a stray one becomes U+FFFD")
    func strayOctets() {
        let octets: [UInt8] = [0x41, 0xFF, 0xC3, 0xA9, 0xC3, 0x42, 0xE2, 0x82, 0xF0, 0x9F, 0x98, 0x80, 0xC3]
        let written = NGCodec.encode(["a": .string(ByteString(octets))], as: .json)
        #expect(
            String(validating: written, as: UTF8.self) == "{\"a\":\"A\u{FFFD}é\u{FFFD}B\u{FFFD}\u{FFFD}😀\u{FFFD}\"}")
    }

    @Test("all octets in one string come out as JSON that can be read")
    func everyOctet() throws {
        let written = NGCodec.encode(["a": .string(ByteString(Array(0...255)))], as: .json)
        let read = try #require(try NGCodec.decode(written).dictionary["a"]?.string)
        #expect(read.bytes.prefix(128) == Array(0...127)[...])
        #expect(read.count == 128 + 128 * 3)
    }

    @Test("nesting has a limit, on both sides of it")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            "{\"a\":" + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
        }
        #expect(try decode(nested(NGCodec.maximumDepth)).count == 1)
        #expect(throws: NGError(.invalidJSONDictionary, at: 6 + NGCodec.maximumDepth - 1)) {
            try decode(nested(NGCodec.maximumDepth + 1))
        }
        #expect(throws: NGError.self) { try decode("{\"a\":" + String(repeating: "[", count: 60_000)) }
    }

    @Test("every part of a message that lacks its end is an error")
    func prefixes() throws {
        let body = NGCodec.encode(try dictionary(of: Kamailio.offer), as: .json)
        for length in 1..<body.count {
            #expect(throws: NGError.self) { try NGCodec.decode(body[..<length]) }
        }
    }
}
