package import WireFormat

/// Attribute lines that a proxy wants gone, changed or added (`sdp-attr` of the NG protocol), all without `a=`.
///
/// An attribute such as `fmtp:101 0-15` goes by its name, `fmtp`, by the name with the first word of the value, `fmtp:101`,
/// or by all of it. Letter case does not matter.
package struct AttributeEdit: Sendable {
    package struct Substitution: Sendable {
        package let attribute: ByteString
        /// Takes the place of the whole attribute.
        package let replacement: ByteString

        package init(_ attribute: ByteString, with replacement: ByteString) {
            (self.attribute, self.replacement) = (attribute, replacement)
        }
    }

    package var removed: [ByteString] = []
    package var substituted: [Substitution] = []
    /// Behind all other lines.
    package var added: [ByteString] = []

    package init() {}

    /// Copies lines, each ending with CRLF, and changes those that are meant.
    ///
    /// - Complexity: O(lines × edits); the edits are the proxy's own, not a caller's.
    func write(_ lines: ArraySlice<UInt8>, to output: inout ByteWriter) {
        var start = lines.startIndex
        while start < lines.endIndex {
            let next = (lines[start...].firstIndex(of: .lineFeed) ?? lines.endIndex - 1) + 1
            let line = lines[start..<next]
            start = next
            guard line.starts(with: Self.prefix) else {
                output.write(line)
                continue
            }
            let attribute = line.dropFirst(Self.prefix.count).dropLast(Self.lineEnd.count)
            if removed.contains(where: { Self.names($0, attribute) }) { continue }
            if let change = substituted.first(where: { Self.names($0.attribute, attribute) }) {
                Self.write(change.replacement, to: &output)
            } else {
                output.write(line)
            }
        }
        for attribute in added { Self.write(attribute, to: &output) }
    }

    private static let prefix = Array("a=".utf8)
    private static let lineEnd = Array("\r\n".utf8)

    private static func write(_ attribute: ByteString, to output: inout ByteWriter) {
        if !attribute.bytes.starts(with: prefix) { output.write(prefix) }
        output.write(attribute)
        output.write(lineEnd)
    }

    private static func names(_ name: ByteString, _ attribute: ArraySlice<UInt8>) -> Bool {
        guard name.count <= attribute.count else { return false }
        for (left, right) in zip(name.bytes, attribute) where left.asciiLowercased != right.asciiLowercased {
            return false
        }
        guard name.count < attribute.count else { return true }
        let colon = UInt8(ascii: ":")
        return switch attribute[attribute.startIndex + name.count] {
        case colon: !name.bytes.contains(colon)
        case UInt8(ascii: " "): name.bytes.contains(colon) && !name.bytes.contains(UInt8(ascii: " "))
        default: false
        }
    }
}
