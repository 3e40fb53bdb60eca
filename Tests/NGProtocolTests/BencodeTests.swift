import Testing
import WireFormat

@testable import NGProtocol

@Suite struct BencodeTests {
    private func decode(_ text: String) throws(NGError) -> NGDictionary {
        try NGCodec.decode(Array(text.utf8)).dictionary
    }

    @Test("reads every kind of value, in the order in which it came")
    func values() throws {
        let dictionary = try decode("d1:z4:\0\u{1}\u{2}\u{3}1:ai-42e1:mli0e0:ldeedee1:dd1:xi9223372036854775807eee")
        #expect(
            dictionary
                == [
                    "z": "\0\u{1}\u{2}\u{3}", "a": -42, "m": [0, "", [[:] as NGValue], [:]],
                    "d": ["x": 9_223_372_036_854_775_807],
                ])
        #expect(dictionary.entries.map(\.key) == ["z", "a", "m", "d"])
    }

    @Test("writes what it read", arguments: Kamailio.all)
    func roundTrip(_ message: Message) throws {
        let body = try #require(NGMessage(datagram: message.bytes)).body
        #expect(NGCodec.encode(try NGCodec.decode(body).dictionary, as: .bencode) == Array(body))
    }

    @Test("the smallest and the largest number")
    func extremes() throws {
        let text = "d1:ai-9223372036854775808e1:bi9223372036854775807ee"
        #expect(try decode(text) == ["a": .integer(Int64.min), "b": .integer(Int64.max)])
        #expect(NGCodec.encode(try decode(text), as: .bencode) == Array(text.utf8))
    }

    @Test("a key may come twice: look-up finds the first, nothing is lost")
    func duplicates() throws {
        let text = "d1:ai1e1:ai2ee"
        let dictionary = try decode(text)
        #expect(dictionary["a"] == 1)
        #expect(dictionary.count == 2)
        #expect(NGCodec.encode(dictionary, as: .bencode) == Array(text.utf8))
    }

    @Test("octets after the dictionary are ignored")
    func trailing() throws {
        #expect(try decode("d7:command4:pinge\n") == ["command": "ping"])
        #expect(try decode("dee") == [:])
    }

    @Test(
        "refuses what is malformed, and says where",
        arguments: [
            ("d", 1), ("d3:foo", 6), ("d3:fooe", 6), ("d3:foo3:ba", 8), ("d3:foo3bar", 7), ("d3:fooi1", 8),
            ("d3:fooie", 7), ("d3:fooi-e", 8), ("d3:fooi-0ee", 10), ("d3:fooi01ee", 8), ("d3:fooi+1ee", 7),
            ("d3:fooi1.5ee", 8), ("d3:fooi9223372036854775808ee", 7), ("d3:fooi-9223372036854775809ee", 8),
            ("d03:fooi1ee", 2), ("di1ei2ee", 1), ("dle1:ae", 1), ("d-1:ai1ee", 1), ("d 1:ai1ee", 1),
            ("d99999999999999999999:a", 1), ("d9223372036854775807:a", 1), ("d18446744073709551615:a", 1),
            ("d2:ai", 5), ("d1:al", 5), ("d1:ali1e", 8), ("d1:ad", 5), ("d1:ax", 4),
        ])
    func refuses(_ text: String, _ offset: Int) {
        #expect(throws: NGError(.invalidBencode, at: offset)) { try decode(text) }
    }

    @Test("nesting has a limit, on both sides of it")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            "d1:a" + String(repeating: "l", count: depth - 1) + String(repeating: "e", count: depth)
        }
        #expect(try decode(nested(NGCodec.maximumDepth)).count == 1)
        #expect(throws: NGError(.invalidBencode, at: 4 + NGCodec.maximumDepth)) {
            try decode(nested(NGCodec.maximumDepth + 1))
        }
        #expect(throws: NGError.self) { try decode("d1:a" + String(repeating: "l", count: 60_000)) }
    }

    @Test("lists next to each other do not add up to depth")
    func siblings() throws {
        let items = String(repeating: "le", count: 500)
        #expect(try decode("d1:al" + items + "ee")["a"]?.list?.count == 500)
    }

    @Test("every part of a message that lacks its end is an error", arguments: Kamailio.all)
    func prefixes(_ message: Message) throws {
        let body = Array(try #require(NGMessage(datagram: message.bytes)).body)
        for length in 1..<body.count {
            #expect(throws: NGError.self) { try NGCodec.decode(body[..<length]) }
        }
    }

    @Test("no single wrong octet makes the reader stumble", arguments: Kamailio.all)
    func mutations(_ message: Message) throws {
        let body = Array(try #require(NGMessage(datagram: message.bytes)).body)
        var accepted = 0
        for index in body.indices {
            for octet in [UInt8(0), UInt8(ascii: "9"), UInt8(ascii: "d"), UInt8(ascii: "e"), UInt8(ascii: "l"), 255] {
                var mutated = body
                mutated[index] = octet
                guard let dictionary = try? NGCodec.decode(mutated).dictionary else { continue }
                accepted += 1
                _ = try? NGRequest(dictionary)
                let again = try NGCodec.decode(NGCodec.encode(dictionary, as: .bencode)).dictionary
                #expect(again == dictionary)
            }
        }
        #expect(accepted > 0)
    }
}
