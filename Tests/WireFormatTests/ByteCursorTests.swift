import Testing
import WireFormat

// `#expect` cannot look into a type that does not escape, so what is read is a constant first.
@Suite struct ByteCursorTests {
    @Test("reads from front to back")
    func reads() {
        let bytes: [UInt8] = Array("ab12,34;rest".utf8)
        var cursor = ByteCursor(bytes.span)
        let peeked = cursor.peek
        let first = cursor.next()
        let second = cursor.take(1)?[0]
        #expect([peeked, first, second] == Array("aab".utf8))
        let number = cursor.decimal()
        #expect(number == 12)
        let (skipsOther, skips, offset) = (
            cursor.skip(UInt8(ascii: ";")), cursor.skip(UInt8(ascii: ",")), cursor.offset
        )
        #expect((skipsOther, skips, offset) == (false, true, 5))
        let field: ByteString? = if let span = cursor.take(upTo: UInt8(ascii: ";")) { ByteString(span) } else { nil }
        #expect(field == "34")
        let remaining = cursor.remaining
        let rest = ByteString(cursor.takeRest())
        #expect((remaining, rest) == (4, "rest"))
        let (isAtEnd, next, last) = (cursor.isAtEnd, cursor.next(), cursor.peek)
        #expect((isAtEnd, next, last) == (true, nil, nil))
    }

    @Test("what does not fit is not read, and the cursor stays")
    func refuses() {
        let bytes: [UInt8] = Array("a12".utf8)
        var cursor = ByteCursor(bytes.span)
        for count in [4, -1, Int.max, Int.min] {
            let isThere = cursor.take(count) != nil
            #expect(!isThere)
        }
        let isDelimited = cursor.take(upTo: UInt8(ascii: ";")) != nil
        #expect(!isDelimited)
        let number = cursor.decimal()
        #expect(number == nil)
        let wide: UInt32? = cursor.bigEndian()
        #expect(wide == nil)
        let offset = cursor.offset
        #expect(offset == 0)
    }

    @Test("skips a run of one octet")
    func skipAll() {
        let bytes: [UInt8] = Array("   x".utf8)
        var cursor = ByteCursor(bytes.span)
        var offsets: [Int] = []
        for byte in [UInt8(ascii: " "), UInt8(ascii: " "), UInt8(ascii: "x")] {
            cursor.skipAll(byte)
            offsets.append(cursor.offset)
        }
        #expect(offsets == [3, 3, 4])
    }

    @Test("reads integers in network byte order")
    func bigEndian() {
        let bytes: [UInt8] = [0x80, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06]
        var cursor = ByteCursor(bytes.span)
        let values: (UInt8?, UInt16?, UInt32?) = (cursor.bigEndian(), cursor.bigEndian(), cursor.bigEndian())
        #expect(values == (0x80, 0x0102, 0x0304_0506))
        let isAtEnd = cursor.isAtEnd
        #expect(isAtEnd)
    }

    @Test(
        "decimal numbers have a limit",
        arguments: [
            ("0", UInt64.max, 0, 1), ("18446744073709551615", .max, UInt64.max, 20),
            ("18446744073709551616", .max, nil, 0),
            ("99999999999999999999999", .max, nil, 0), ("65535", 65535, 65535, 5), ("65536", 65535, nil, 0),
            ("007x", .max, 7, 3),
            ("", .max, nil, 0), ("x", .max, nil, 0), ("/", .max, nil, 0), (":", .max, nil, 0), ("-1", .max, nil, 0),
        ] as [(String, UInt64, UInt64?, Int)])
    func decimal(_ text: String, _ limit: UInt64, _ value: UInt64?, _ offset: Int) {
        let bytes = Array(text.utf8)
        var cursor = ByteCursor(bytes.span)
        let read = (cursor.decimal(limit: limit), cursor.offset)
        #expect(read == (value, offset))
    }

    @Test("copies what it borrowed", arguments: [0, 1, 1000])
    func copies(_ count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        #expect(Array(copying: bytes.span) == bytes)
    }
}

@Suite struct ByteWriterTests {
    @Test("writes from front to back")
    func writes() {
        var writer = ByteWriter(capacity: 4)
        writer.write(UInt8(ascii: "a"))
        writer.write([1, 2] as [UInt8])
        writer.write([3, 4, 5][1...])
        writer.write("b" as ByteString)
        writer.write([6, 7].span)
        writer.write("é" as String)
        #expect(writer.bytes == [97, 1, 2, 4, 5, 98, 6, 7, 0xC3, 0xA9])
        #expect(writer.count == 10)
        writer.removeAll()
        #expect(writer.bytes.isEmpty)
    }

    @Test("decimal numbers", arguments: [0, 1, -1, 9, 10, 1234567890, Int64.max, Int64.min])
    func decimal(_ number: Int64) {
        var writer = ByteWriter()
        writer.write("x" as String)
        writer.write(decimal: number)
        #expect(writer.bytes == Array("x\(number)".utf8))
    }

    @Test("the ends of the ranges")
    func decimalLimits() {
        var writer = ByteWriter()
        writer.write(decimal: Int64.min)
        writer.write(decimal: UInt64(255))
        writer.write(decimal: UInt64.max)
        #expect(writer.bytes == Array("-922337203685477580825518446744073709551615".utf8))
    }

    @Test("integers in network byte order, also afterwards")
    func bigEndian() {
        var writer = ByteWriter()
        writer.write(bigEndian: UInt16(0x0102))
        writer.write(bigEndian: UInt8(3))
        writer.write(bigEndian: UInt32(0x0405_0607))
        #expect(writer.bytes == [1, 2, 3, 4, 5, 6, 7])
        let isWritten = writer.overwrite(bigEndian: UInt16(0xA0B0), at: 5)
        #expect(isWritten)
        #expect(writer.bytes == [1, 2, 3, 4, 5, 0xA0, 0xB0])
        for offset in [6, 7, -1, Int.max, Int.min] {
            let isWritten = writer.overwrite(bigEndian: UInt16(0), at: offset)
            #expect(!isWritten)
        }
        #expect(writer.bytes == [1, 2, 3, 4, 5, 0xA0, 0xB0])
    }
}
