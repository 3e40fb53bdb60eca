internal import NGProtocol
internal import RelayCore
package import WireFormat

/// What one relay asks the others: which RTP has arrived at an address.
package struct ReadingsQuestion: Hashable, Sendable {
    /// Tells it from other questions, of other times too.
    package let number: UInt64
    package let address: IPAddress

    package init(about address: IPAddress) {
        (number, self.address) = (UInt64.random(in: 1...UInt64.max / 2), address)
    }

    /// As it is announced.
    var text: String { "\(number) \(address)" }

    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, let number = UInt64(words[0]), let address = IPAddress(words[1]) else { return nil }
        (self.number, self.address) = (number, address)
    }
}

/// The note with which a relay answers: the number of the question, and 16 octets for each stream.
struct ReadingsNote {
    private static let octetsPerStream = 16

    let number: UInt64
    let readings: [StreamReading]

    init(number: UInt64, _ readings: [StreamReading]) { (self.number, self.readings) = (number, readings) }

    var encoded: [UInt8] {
        var streams = ByteWriter(capacity: readings.count * Self.octetsPerStream)
        for reading in readings {
            let words = [
                UInt64(reading.port) << 48 | UInt64(reading.ssrc) << 16 | UInt64(reading.sequenceNumber),
                reading.packets,
            ]
            for word in words {
                for shift in stride(from: 56, through: 0, by: -8) {
                    streams.write(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
                }
            }
        }
        var body = BodyWriter(ByteWriter(capacity: streams.bytes.count + 64))
        body.dictionary { body in
            body.field("number", number)
            body.field("streams", ByteString(streams.bytes))
        }
        return body.bytes.bytes
    }

    /// `nil` when it is no such thing.
    init?(_ note: [UInt8]) {
        guard let fields = try? NGCodec.decode(note).dictionary, let number = fields["number"]?.number else {
            return nil
        }
        self.number = UInt64(bitPattern: number)
        let octets = (fields["streams"]?.string?.bytes ?? []).prefix(StoreLimits.readings * Self.octetsPerStream)
        readings = stride(from: 0, to: octets.count - octets.count % Self.octetsPerStream, by: Self.octetsPerStream)
            .map { start in
                func word(_ start: Int) -> UInt64 { octets[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
                let head = word(start)
                return StreamReading(
                    port: UInt16(truncatingIfNeeded: head >> 48), ssrc: UInt32(truncatingIfNeeded: head >> 16),
                    sequenceNumber: UInt16(truncatingIfNeeded: head), packets: word(start + 8))
            }
    }
}
