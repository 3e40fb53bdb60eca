package import WireFormat

/// Writes a body piece by piece, in either format, from front to back.
///
/// A report of a call has a hundred values; a tree of them would cost more than all else that its command does.
package struct NGWriter {
    private var output: ByteWriter
    private let format: NGBodyFormat
    /// JSON: something stands before in the same list or dictionary.
    private var isFollowing = false
    /// For values whose length comes before them.
    private var scratch = ByteWriter()

    /// Goes on after what is in `output`.
    package init(_ output: consuming ByteWriter, as format: NGBodyFormat) {
        (self.output, self.format) = (output, format)
    }

    /// Everything written so far.
    package var bytes: [UInt8] { output.bytes }

    // MARK: Entries of a dictionary

    /// Writes a key; its value comes next.
    package mutating func key(_ key: String) {
        separate()
        switch format {
        case .bencode: output.write(bencode: key)
        case .json:
            output.write(jsonString: ByteString(key))
            output.write(UInt8(ascii: ":"))
        }
        isFollowing = false
    }

    /// Writes a key; its value comes next.
    package mutating func key(_ key: ByteString) {
        string(key)
        if format == .json { output.write(UInt8(ascii: ":")) }
        isFollowing = false
    }

    package mutating func field(_ key: String, _ value: ByteString) {
        self.key(key)
        string(value)
    }

    package mutating func field(_ key: String, ifPresent value: ByteString?) {
        if let value { field(key, value) }
    }

    package mutating func field(_ key: String, _ value: String) {
        self.key(key)
        string(value)
    }

    package mutating func field(_ key: String, _ value: Int64) {
        self.key(key)
        integer(value)
    }

    /// A number that is never negative; what bencode cannot say is shown as the greatest that it can.
    package mutating func field(_ key: String, _ value: UInt64) { field(key, Int64(clamping: value)) }

    package mutating func field(_ key: String, _ value: Int) { field(key, Int64(value)) }

    package mutating func field(_ key: String, _ address: IPAddress) {
        self.key(key)
        scratch.removeAll()
        scratch.write(address)
        string(ByteString(scratch.bytes))
    }

    package mutating func dictionary(_ key: String, _ entries: (inout NGWriter) -> Void) {
        self.key(key)
        dictionary(entries)
    }

    package mutating func list(_ key: String, _ items: (inout NGWriter) -> Void) {
        self.key(key)
        list(items)
    }

    // MARK: Values

    package mutating func string(_ octets: ByteString) {
        separate()
        switch format {
        case .bencode: output.write(bencode: octets)
        case .json: output.write(jsonString: octets)
        }
    }

    package mutating func string(_ text: String) {
        separate()
        switch format {
        case .bencode: output.write(bencode: text)
        case .json: output.write(jsonString: ByteString(text))
        }
    }

    package mutating func integer(_ value: Int64) {
        separate()
        switch format {
        case .bencode: output.write(bencode: value)
        case .json: output.write(decimal: value)
        }
    }

    package mutating func dictionary(_ entries: (inout NGWriter) -> Void) {
        begin(bencode: UInt8(ascii: "d"), json: UInt8(ascii: "{"))
        entries(&self)
        end(json: UInt8(ascii: "}"))
    }

    package mutating func list(_ items: (inout NGWriter) -> Void) {
        begin(bencode: UInt8(ascii: "l"), json: UInt8(ascii: "["))
        items(&self)
        end(json: UInt8(ascii: "]"))
    }

    /// A dictionary that is there already.
    package mutating func dictionary(_ dictionary: NGDictionary) {
        self.dictionary { $0.entries(of: dictionary) }
    }

    /// The entries of a dictionary that is there already.
    package mutating func entries(of dictionary: NGDictionary) {
        for entry in dictionary.entries {
            key(entry.key)
            value(entry.value)
        }
    }

    private mutating func value(_ value: NGValue) {
        switch value {
        case .string(let octets): string(octets)
        case .integer(let number): integer(number)
        case .list(let items): list { for item in items { $0.value(item) } }
        case .dictionary(let dictionary): self.dictionary(dictionary)
        }
    }

    // MARK: In between

    private mutating func separate() {
        if isFollowing, format == .json { output.write(UInt8(ascii: ",")) }
        isFollowing = true
    }

    private mutating func begin(bencode: UInt8, json: UInt8) {
        separate()
        output.write(format == .bencode ? bencode : json)
        isFollowing = false
    }

    private mutating func end(json: UInt8) {
        output.write(format == .bencode ? UInt8(ascii: "e") : json)
        isFollowing = true
    }
}
