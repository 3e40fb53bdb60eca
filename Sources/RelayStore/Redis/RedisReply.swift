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

    /// The elements of an array.
    var elements: [RedisReply]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }
}
