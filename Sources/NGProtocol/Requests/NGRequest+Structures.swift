internal import WireFormat

// Values that are dictionaries themselves: codecs, attributes, header extensions.
extension NGRequest {
    mutating func setCodec(_ value: NGValue) {
        guard let operations = value.dictionary else { return warn(.wrongType(.codec)) }
        for entry in operations.entries {
            guard let operation: NGCodecOptions.Operation = option(.codec, entry.key) else { continue }
            for name in words(of: .codec, entry.value) { codec.append(name.unescapingFlagWord(), to: operation) }
        }
    }

    mutating func setExtensionMap(_ value: NGValue) {
        guard let operations = value.dictionary else { return warn(.wrongType(.extmap)) }
        for entry in operations.entries {
            let names = words(of: .extmap, entry.value).map { $0.unescapingFlagWord() }
            switch NGCodecOptions.Operation(entry.key) {
            case .strip: extmap.strip += names
            case .mask: extmap.mask += names
            default: warn(.unknownValue(.extmap, entry.key))
            }
        }
    }

    mutating func setAttributeEdits(_ value: NGValue) {
        guard let sections = value.dictionary else { return warn(.wrongType(.sdpAttr)) }
        for entry in sections.entries {
            guard let section = NGAttributeEdits.Section(entry.key) else {
                warn(.unknownValue(.sdpAttr, entry.key))
                continue
            }
            guard let operations = entry.value.dictionary else {
                warn(.wrongType(.sdpAttr))
                continue
            }
            for entry in operations.entries { setAttributeEdits(section, entry) }
        }
    }

    private mutating func setAttributeEdits(_ section: NGAttributeEdits.Section, _ entry: NGDictionary.Entry) {
        guard let operation: NGAttributeEdits.Operation = option(.sdpAttr, entry.key) else { return }
        switch operation {
        case .substitute: setSubstitutions(section, entry.value)
        case .add, .remove:
            for line in words(of: .sdpAttr, entry.value) { append(attribute: line, section, operation) }
        }
    }

    /// `[[from to] [from to]]`, or `[from to]`, or `from>to` once or more.
    private mutating func setSubstitutions(_ section: NGAttributeEdits.Section, _ value: NGValue) {
        let items = value.list ?? [value]
        if items.count == 2, let from = items[0].string, let to = items[1].string,
            !from.bytes.contains(UInt8(ascii: ">"))
        {
            return append(substitution: from, to, section)
        }
        for item in items {
            if let pair = item.list, pair.count == 2, let from = pair[0].string, let to = pair[1].string {
                append(substitution: from, to, section)
            } else if let word = item.string {
                append(attribute: word, section, .substitute)
            } else {
                warn(.wrongType(.sdpAttr))
            }
        }
    }

    private mutating func append(substitution from: ByteString, _ to: ByteString, _ section: NGAttributeEdits.Section) {
        sdpAttr[section].substitute.append(.init(from: from.unescapingFlagWord(), to: to.unescapingFlagWord()))
    }

    /// One line for one operation; for a substitution `from>to`.
    mutating func append(
        attribute line: ByteString, _ section: NGAttributeEdits.Section, _ operation: NGAttributeEdits.Operation
    ) {
        switch operation {
        case .add: sdpAttr[section].add.append(line.unescapingFlagWord())
        case .remove: sdpAttr[section].remove.append(line.unescapingFlagWord())
        case .substitute:
            guard let arrow = line.bytes.firstIndex(of: UInt8(ascii: ">")) else {
                return warn(.unknownValue(.sdpAttr, line))
            }
            append(
                substitution: ByteString(Array(line.bytes[..<arrow])), ByteString(Array(line.bytes[(arrow + 1)...])),
                section)
        }
    }
}

extension ByteString {
    /// A flag string cannot hold `=` and space inside a word: `--` and `..` stand for them.
    func unescapingFlagWord() -> ByteString {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var index = 0
        while index < count {
            let byte = bytes[index]
            let isPair = index + 1 < count && bytes[index + 1] == byte
            switch byte {
            case UInt8(ascii: "-") where isPair: result.append(UInt8(ascii: "="))
            case UInt8(ascii: ".") where isPair: result.append(UInt8(ascii: " "))
            default:
                result.append(byte)
                index += 1
                continue
            }
            index += 2
        }
        return ByteString(result)
    }
}
