package import WireFormat

/// One value of the NG protocol: what bencode can say, which JSON can say too.
package enum NGValue: Equatable, Sendable {
    /// Octets; not necessarily text.
    case string(ByteString)
    /// A whole number.
    case integer(Int64)
    /// Values in order.
    case list([NGValue])
    /// Keys and values, in the order in which they were sent.
    case dictionary(NGDictionary)
}

extension NGValue {
    /// The octets of a string; `nil` for anything else.
    package var string: ByteString? {
        guard case .string(let octets) = self else { return nil }
        return octets
    }

    /// A whole number, however it was sent: clients send numbers as integers and as strings of decimal digits.
    package var number: Int64? {
        switch self {
        case .integer(let value): value
        case .string(let octets): Self.number(octets.bytes.span)
        case .list, .dictionary: nil
        }
    }

    /// The items of a list; `nil` for anything else.
    package var list: [NGValue]? {
        guard case .list(let items) = self else { return nil }
        return items
    }

    /// The entries of a dictionary; `nil` for anything else.
    package var dictionary: NGDictionary? {
        guard case .dictionary(let entries) = self else { return nil }
        return entries
    }

    /// `[+-]1*DIGIT` and nothing else.
    private static func number(_ text: Span<UInt8>) -> Int64? {
        var cursor = ByteCursor(text)
        let isNegative = cursor.skip(UInt8(ascii: "-"))
        if !isNegative { _ = cursor.skip(UInt8(ascii: "+")) }
        guard let magnitude = cursor.decimal(limit: UInt64(Int64.max)), cursor.isAtEnd else { return nil }
        return isNegative ? -Int64(magnitude) : Int64(magnitude)
    }
}

extension NGValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(ByteString(value)) }

    package init(integerLiteral value: Int64) { self = .integer(value) }

    package init(arrayLiteral elements: NGValue...) { self = .list(elements) }

    package init(dictionaryLiteral elements: (String, NGValue)...) {
        self = .dictionary(NGDictionary(elements.map { .init(key: ByteString($0), value: $1) }))
    }
}

extension NGValue {
    /// The UTF-8 form of a text.
    package static func string(_ text: String) -> NGValue { .string(ByteString(text)) }

    /// A whole number of any width; what Int64 cannot hold becomes its nearest value.
    package static func integer(_ value: some BinaryInteger) -> NGValue { .integer(Int64(clamping: value)) }
}
