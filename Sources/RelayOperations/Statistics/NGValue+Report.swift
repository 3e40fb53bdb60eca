internal import NGProtocol

extension NGDictionary {
    /// A report for NG, where decimals are strings.
    init(_ report: ReportObject) {
        self.init()
        for entry in report.entries {
            // A string that holds a whole number, as clients of rtpengine know it.
            if entry.key == "uptime", case .integer(let seconds) = entry.value {
                append(entry.key, .string("\(seconds)"))
            } else {
                append(entry.key, NGValue(entry.value))
            }
        }
    }
}

extension NGValue {
    fileprivate init(_ value: ReportValue) {
        switch value {
        case .integer(let number): self = .integer(number)
        case .decimal(let number, let digits): self = .string(ReportText.decimal(number, digits: digits))
        case .boolean(let isTrue): self = .integer(isTrue ? 1 : 0)
        case .string(let text): self = .string(text)
        case .list(let items): self = .list(items.map { NGValue($0) })
        case .object(let object): self = .dictionary(NGDictionary(object))
        }
    }
}
