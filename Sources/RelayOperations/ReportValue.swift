/// A value in what we report: JSON for scripts, with the order of its keys kept and numbers as rtpengine prints them.
package enum ReportValue: Equatable, Sendable {
    case integer(Int64)
    /// Printed with so many decimals.
    case decimal(Double, digits: Int = 6)
    case boolean(Bool)
    case string(String)
    case list([ReportValue])
    case object(ReportObject)
}

/// Keys and values in the order in which they are to be printed.
package struct ReportObject: Equatable, Sendable, ExpressibleByDictionaryLiteral {
    /// One key and its value.
    package struct Entry: Equatable, Sendable {
        package let key: String
        package var value: ReportValue
    }

    /// All entries in their order.
    package private(set) var entries: [Entry] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, ReportValue)...) {
        entries = elements.map { Entry(key: $0, value: $1) }
    }

    /// Adds an entry at the end.
    package mutating func append(_ key: String, _ value: ReportValue) { entries.append(Entry(key: key, value: value)) }

    /// Adds a whole number at the end; what Int64 cannot hold becomes its nearest value.
    package mutating func append(_ key: String, _ value: some BinaryInteger) {
        append(key, .integer(Int64(clamping: value)))
    }

    /// The value of the first entry with this key.
    package subscript(key: String) -> ReportValue? { entries.first { $0.key == key }?.value }
}

extension ReportValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(arrayLiteral elements: ReportValue...) { self = .list(elements) }
    package init(dictionaryLiteral elements: (String, ReportValue)...) {
        var object = ReportObject()
        for (key, value) in elements { object.append(key, value) }
        self = .object(object)
    }

    /// A whole number of any width; what Int64 cannot hold becomes its nearest value.
    package static func count(_ value: some BinaryInteger) -> ReportValue { .integer(Int64(clamping: value)) }
}

extension ReportValue {
    /// The value as JSON (RFC 8259), in one line.
    package var json: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .integer(let value): text += "\(value)"
        case .decimal(let value, let digits): text += ReportText.decimal(value, digits: digits)
        case .boolean(let value): text += value ? "true" : "false"
        case .string(let value): Self.write(value, to: &text)
        case .list(let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += "," }
                item.write(to: &text)
            }
            text += "]"
        case .object(let object):
            text += "{"
            for (index, entry) in object.entries.enumerated() {
                if index > 0 { text += "," }
                Self.write(entry.key, to: &text)
                text += ":"
                entry.value.write(to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                text += "\\u00\(scalar.value < 0x10 ? "0" : "")\(String(scalar.value, radix: 16))"
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
