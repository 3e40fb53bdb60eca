package import RelayCore
package import WireFormat

/// The first line of a stored record: which state of which call this is, and nothing else.
///
/// It is text with a fixed order of fields, so that the store's own script can decide between two records without
/// reading their bodies: `relay/1 CREATED CREATOR EPOCH OWNER REVISION STATE` and a line feed. Numbers are decimal
/// without leading zeros, STATE is `L` (live), `G` (given up by its owner) or `F` (ended for good).
public struct RecordHeader: Hashable, Sendable {
    /// What the record says about the call.
    public enum State: UInt8, Sendable {
        case live = 0x4C  // L
        /// Its owner has given it up. Whoever knows something newer knows better.
        case givenUp = 0x47  // G
        /// Ended by a command: nothing that anybody knows of this instance counts any more.
        case ended = 0x46  // F
    }

    /// The format and its version: what a record of ours starts with.
    package static let magic: [UInt8] = Array("relay/1 ".utf8)
    /// No header is longer, in octets: two names, three numbers of 20 digits, the rest.
    public static let maximumLength = 8 + 2 * (maximumNameLength + 1) + 3 * 21 + 2
    /// The longest name of a relay, in octets.
    public static let maximumNameLength = RelayName.maximumLength
    /// No owner and no change has a higher number: one more of each has to be possible, time after time.
    package static let maximumCount = UInt64(Int64.max)

    package var version: CallVersion
    /// Whether the call lives.
    public var state: State

    package init(version: CallVersion, state: State) { (self.version, self.state) = (version, state) }

    /// Live or not.
    public var isLive: Bool { state == .live }

    /// A name that fits into a header: letters, digits, `.`, `-` and `_`, and not too many.
    public static func isName(_ text: some StringProtocol) -> Bool { RelayName.isValid(text) }
}

extension RecordHeader: Comparable {
    /// Which of two records of a Call-ID counts. A later call beats an earlier one. Of the same call an end by command
    /// beats all else, then the later owner, then the later change; a state that is given up beats the same one alive.
    public static func < (left: RecordHeader, right: RecordHeader) -> Bool {
        let (one, other) = (left.version, right.version)
        guard one.instance == other.instance else { return one.instance < other.instance }
        if left.state == .ended || right.state == .ended { return left.state != .ended }
        guard one.ownership == other.ownership, one.revision == other.revision else { return one < other }
        return left.state == .live && right.state == .givenUp
    }
}

extension RecordHeader {
    /// Writes the line with its line feed.
    package func write(to writer: inout ByteWriter) {
        writer.write(Self.magic)
        writer.write(decimal: version.instance.created)
        writer.write(UInt8(ascii: " "))
        writer.write(version.instance.node)
        writer.write(UInt8(ascii: " "))
        writer.write(decimal: version.ownership.epoch)
        writer.write(UInt8(ascii: " "))
        writer.write(version.ownership.node)
        writer.write(UInt8(ascii: " "))
        writer.write(decimal: version.revision)
        writer.write(UInt8(ascii: " "))
        writer.write(state.rawValue)
        writer.write(UInt8(ascii: "\n"))
    }

    /// Reads the line at the start of a record; `nil` when it is not one of ours, of another version, or damaged.
    public init?(_ record: Span<UInt8>) {
        var cursor = ByteCursor(record)
        self.init(&cursor)
    }

    /// Reads the line and leaves the cursor behind it.
    init?(_ cursor: inout ByteCursor) {
        for octet in Self.magic {
            guard cursor.skip(octet) else { return nil }
        }
        guard let created = Self.number(&cursor), let creator = Self.name(&cursor), let epoch = Self.number(&cursor),
            let owner = Self.name(&cursor), let revision = Self.number(&cursor),
            let state = cursor.next().flatMap(State.init), cursor.skip(UInt8(ascii: "\n")),
            epoch <= Self.maximumCount, revision <= Self.maximumCount
        else { return nil }
        let instance = CallInstance(created: created, node: creator)
        let ownership = Ownership(node: owner, epoch: epoch)
        self.init(version: CallVersion(instance: instance, ownership: ownership, revision: revision), state: state)
    }

    private static func number(_ cursor: inout ByteCursor) -> UInt64? {
        if cursor.peek == UInt8(ascii: "0") {
            _ = cursor.next()
            return cursor.skip(UInt8(ascii: " ")) ? 0 : nil
        }
        guard let value = cursor.decimal(), cursor.skip(UInt8(ascii: " ")) else { return nil }
        return value
    }

    private static func name(_ cursor: inout ByteCursor) -> String? {
        guard let octets = cursor.take(upTo: UInt8(ascii: " ")), (1...maximumNameLength).contains(octets.count) else {
            return nil
        }
        for index in octets.indices where !RelayName.isValid(octets[index]) { return nil }
        return String(decoding: Array(copying: octets), as: UTF8.self)
    }
}
