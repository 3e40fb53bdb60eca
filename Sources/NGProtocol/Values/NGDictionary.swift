package import WireFormat

/// Keys and values of the NG protocol, in the order in which they were sent or will be sent.
///
/// NG dictionaries are not sorted, against the rule of bencode, and a key may come twice. Looking a key up finds the first,
/// as rtpengine does; who reads all entries in order, as `NGRequest` does, lets a later one replace an earlier one.
package struct NGDictionary: Equatable, Sendable {
    /// One key and its value.
    package struct Entry: Equatable, Sendable {
        package var key: ByteString
        package var value: NGValue

        package init(key: ByteString, value: NGValue) { (self.key, self.value) = (key, value) }
    }

    /// All entries in their order.
    package var entries: [Entry]

    /// An empty dictionary.
    package init() { entries = [] }

    /// A dictionary of these entries, in this order.
    package init(_ entries: [Entry]) { self.entries = entries }

    /// A dictionary of keys that are octets already, in this order.
    package init(words: KeyValuePairs<ByteString, NGValue>) {
        entries = words.map { Entry(key: $0, value: $1) }
    }

    /// The value of the first entry with exactly this key.
    ///
    /// - Complexity: O(entries); replies are built and requests are read in order, neither looks keys up much.
    package subscript(_ key: String) -> NGValue? {
        entries.first { $0.key.bytes.elementsEqual(key.utf8) }?.value
    }

    /// The value of the first entry with exactly this key.
    package subscript(_ key: ByteString) -> NGValue? {
        entries.first { $0.key == key }?.value
    }

    /// True without a single entry.
    package var isEmpty: Bool { entries.isEmpty }

    /// The number of entries, each occurrence of a key counted.
    package var count: Int { entries.count }

    /// Adds an entry at the end.
    package mutating func append(_ key: ByteString, _ value: NGValue) {
        entries.append(Entry(key: key, value: value))
    }

    /// Adds an entry at the end.
    package mutating func append(_ key: String, _ value: NGValue) { append(ByteString(key), value) }

    /// Adds an entry at the end, unless there is no value.
    package mutating func append(_ key: ByteString, ifPresent value: NGValue?) {
        if let value { append(key, value) }
    }

    /// Adds an entry at the end, unless there is no value.
    package mutating func append(_ key: String, ifPresent value: NGValue?) {
        if let value { append(key, value) }
    }

    /// Adds all entries of another dictionary at the end.
    package mutating func append(contentsOf other: NGDictionary) { entries += other.entries }
}

extension NGDictionary: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, NGValue)...) {
        entries = elements.map { Entry(key: ByteString($0), value: $1) }
    }
}
