internal import WireFormat

extension NGRequest {
    /// Takes over one value.
    mutating func apply(_ key: NGKey, _ value: NGValue) {
        keys.insert(key)
        if setText(key, value) || setNumber(key, value) || setChoice(key, value) || setWords(key, value) { return }
        switch key {
        case .command: break
        case .rtppFlags: if let flags = text(of: key, value) { apply(flagString: flags) }
        case .template: if let name = text(of: key, value) { apply(template: name) }
        case .receivedFrom: receivedFrom = ipAddress(of: key, value) ?? receivedFrom
        case .mediaAddress: mediaAddress = ipAddress(of: key, value) ?? mediaAddress
        case .codec: setCodec(value)
        case .sdpAttr: setAttributeEdits(value)
        case .extmap: setExtensionMap(value)
        default: rest[key] = value
        }
    }

    /// Keys whose value is any text. An empty text is as if the key was not there.
    private mutating func setText(_ key: NGKey, _ value: NGValue) -> Bool {
        switch key {
        case .callID: callID = text(of: key, value)
        case .fromTag: fromTag = text(of: key, value)
        case .toTag: toTag = text(of: key, value)
        case .viaBranch: viaBranch = text(of: key, value)
        case .label: label = text(of: key, value)
        case .setLabel: setLabel = text(of: key, value)
        case .toLabel: toLabel = text(of: key, value)
        case .address: address = text(of: key, value)
        case .sdp: sdp = text(of: key, value)
        case .interface: interface = text(of: key, value)
        case .fromInterface: fromInterface = text(of: key, value)
        case .toInterface: toInterface = text(of: key, value)
        case .dtlsFingerprint: dtlsFingerprint = text(of: key, value)
        case .metadata: metadata = text(of: key, value)
        default: return false
        }
        return true
    }

    /// Keys whose value is a number.
    private mutating func setNumber(_ key: NGKey, _ value: NGValue) -> Bool {
        switch key {
        case .tos: tos = number(of: key, value) ?? tos
        case .deleteDelay: if let delay = number(of: key, value) { deleteDelay = delay < 0 ? nil : delay }
        case .limit: limit = number(of: key, value) ?? limit
        case .ptime: ptime = number(of: key, value) ?? ptime
        case .ptimeReverse: ptimeReverse = number(of: key, value) ?? ptimeReverse
        case .sipCode: sipCode = number(of: key, value) ?? sipCode
        default: return false
        }
        return true
    }

    /// Keys whose value is one of several words.
    private mutating func setChoice(_ key: NGKey, _ value: NGValue) -> Bool {
        switch key {
        case .all: all = option(of: key, value) ?? all
        case .iceLite: iceLite = option(of: key, value) ?? iceLite
        case .sipMessageType: sipMessageType = option(of: key, value) ?? sipMessageType
        case .transportProtocol: transportProtocol = option(of: key, value) ?? transportProtocol
        case .dropTraffic:
            if let said: NGDropTraffic = option(of: key, value), dropTraffic != .stop { dropTraffic = said }
        case .addressFamily:
            if let family: NGAddressFamily = option(of: key, value) { addressFamily = family == .ipv4 ? .ipv4 : .ipv6 }
        case .generateRTCP: generateRTCP = isOn(key, value) ?? generateRTCP
        case .passthrough: passthrough = isOn(key, value) ?? passthrough
        case .recordCall: recordCall = isOn(key, value) ?? recordCall
        default: return false
        }
        return true
    }

    /// Keys whose value is a list of words.
    private mutating func setWords(_ key: NGKey, _ value: NGValue) -> Bool {
        switch key {
        case .flags: for word in words(of: key, value) { apply(flag: word) }
        case .supports: supports.formUnion(options(of: key, value))
        case .replace: replace.formUnion(options(of: key, value))
        case .rtcpMux: rtcpMux.formUnion(options(of: key, value))
        case .bundle: bundle.formUnion(options(of: key, value))
        case .t38: t38.formUnion(options(of: key, value))
        case .sdpMediaRemove: sdpMediaRemove.formUnion(options(of: key, value))
        case .ice: for word in words(of: key, value) { apply(ice: word) }
        case .sdes: for word in words(of: key, value) { apply(sdes: word) }
        case .osrtp: for word in words(of: key, value) { apply(osrtp: word) }
        case .dtls: for word in words(of: key, value) { dtls = option(key, word) ?? dtls }
        case .dtlsReverse: for word in words(of: key, value) { dtlsReverse = option(key, word) ?? dtlsReverse }
        case .endpointLearning:
            for word in words(of: key, value) { endpointLearning = option(key, word) ?? endpointLearning }
        case .fromTags: fromTags += words(of: key, value)
        case .direction: for name in words(of: key, value) { append(direction: name) }
        default: return false
        }
        return true
    }

    /// One more interface: the first is the sender's, the second the receiver's.
    mutating func append(direction name: ByteString) {
        guard direction.count < 2 else { return warn(.tooManyDirections) }
        direction.append(name)
        guard !name.isEmpty else { return }
        if direction.count == 1 { fromInterface = name } else { toInterface = name }
    }
}

// MARK: Values

extension NGRequest {
    mutating func text(of key: NGKey, _ value: NGValue) -> ByteString? {
        guard case .string(let octets) = value else {
            warn(.wrongType(key))
            return nil
        }
        return octets.isEmpty ? nil : octets
    }

    private mutating func number(of key: NGKey, _ value: NGValue) -> Int? {
        if let number = value.number { return Int(clamping: number) }
        warn(value.string.map { .unknownValue(key, $0) } ?? .wrongType(key))
        return nil
    }

    private mutating func option<Option: NGOption>(of key: NGKey, _ value: NGValue) -> Option? {
        guard let word = text(of: key, value) else { return nil }
        return option(key, word)
    }

    mutating func option<Option: NGOption>(_ key: NGKey, _ word: ByteString) -> Option? {
        if let option = Option(word) { return option }
        warn(.unknownValue(key, word))
        return nil
    }

    private mutating func isOn(_ key: NGKey, _ value: NGValue) -> Bool? {
        let choice: NGSwitch? = option(of: key, value)
        return choice.map { $0 == .on }
    }

    /// The items of a list, or of a text with commas between them.
    mutating func words(of key: NGKey, _ value: NGValue) -> [ByteString] {
        switch value {
        case .string(let octets):
            return octets.bytes.split(separator: UInt8(ascii: ",")).map { ByteString(Array($0)) }
        case .list(let items):
            var words: [ByteString] = []
            words.reserveCapacity(items.count)
            for item in items {
                if case .string(let word) = item { words.append(word) } else { warn(.wrongType(key)) }
            }
            return words
        case .integer, .dictionary:
            warn(.wrongType(key))
            return []
        }
    }

    private mutating func options<Option: NGOption>(of key: NGKey, _ value: NGValue) -> EnumSet<Option> {
        var options = EnumSet<Option>()
        for word in words(of: key, value) {
            if let option: Option = option(key, word) { options.insert(option) }
        }
        return options
    }

    /// An address, or a list whose last item is one: `received-from` names the family first.
    private mutating func ipAddress(of key: NGKey, _ value: NGValue) -> IPAddress? {
        guard let literal = words(of: key, value).last else { return nil }
        if let address = IPAddress(literal.bytes.span) { return address }
        warn(.unknownValue(key, literal))
        return nil
    }
}
