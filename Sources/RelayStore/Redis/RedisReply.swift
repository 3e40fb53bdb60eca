internal import WireFormat

/// What a Redis server answered.
enum RedisReply: Equatable, Sendable {
    /// `+OK` and the like.
    case status(String)
    /// An error of this one command; the connection goes on.
    case error(String)
    case integer(Int64)
    case string([UInt8])
    case null
    case array([RedisReply])

    /// The octets of a string.
    var bytes: [UInt8]? {
        guard case .string(let bytes) = self else { return nil }
        return bytes
    }

    /// A string or a status read as UTF-8.
    var text: String? {
        switch self {
        case .string(let bytes): String(decoding: bytes, as: UTF8.self)
        case .status(let text): text
        default: nil
        }
    }

    /// An integer, also one that was sent as a string; nothing counts as 0.
    var number: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .string(let bytes): UInt64(String(decoding: bytes, as: UTF8.self))
        case .null: 0
        default: nil
        }
    }

    /// Calls and the numbers of their changes, as a sorted set lists them; what is not written by us is left out. `nil` when
    /// this is no list.
    var changes: [StoreChange]? {
        guard let elements else { return nil }
        var changes: [StoreChange] = []
        changes.reserveCapacity(elements.count / 2)
        for index in stride(from: 0, to: elements.count - 1, by: 2) {
            guard let member = elements[index].bytes, let score = elements[index + 1].text,
                let number = Double(score), let sequence = UInt64(exactly: number)
            else { continue }
            changes.append(StoreChange(callID: ByteString(member), sequence: sequence))
        }
        return changes
    }

    /// What became of an offer, as the script tells it.
    var outcome: StoreOutcome? {
        switch self {
        case .integer(let sequence) where sequence > 0: .stored(sequence: UInt64(sequence))
        case .string(let bytes) where bytes == [UInt8(ascii: "=")]: .known
        case .string(let bytes) where bytes == [UInt8(ascii: "x")]: .blocked
        case .string(let bytes): .beaten(by: bytes)
        default: nil
        }
    }

    /// The elements of an array.
    var elements: [RedisReply]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }
}

/// For the fuzzer: what a server may say.
package enum RedisAnswers {
    /// Reads octets as answers and makes of each what a session would.
    ///
    /// - Returns: how many changes and outcomes there were.
    package static func examine(_ octets: [UInt8]) -> Int {
        var count = 0
        for reply in RedisReply.all(in: octets) ?? [] {
            count += reply.changes?.count ?? 0
            for element in reply.elements ?? [reply] {
                _ = (element.number, element.text)
                if case .beaten(let record)? = element.outcome { _ = RecordHeader(record.span) }
                if element.outcome != nil { count += 1 }
            }
        }
        return count
    }
}
