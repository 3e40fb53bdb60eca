/// An option with what was given for it.
struct OptionSetting: Sendable {
    let option: OptionDefinition
    /// None for a flag; the elements of a list one by one.
    var values: [String]
    /// A flag that is switched off (`--log-stderr=false`), whatever was said of it before.
    private(set) var isOff = false
    let location: OptionError.Location

    /// Splits what stands behind an option.
    init(
        _ option: OptionDefinition, _ text: String?, at location: OptionError.Location
    ) throws(OptionError) {
        (self.option, self.location) = (option, location)
        switch (option.kind, text) {
        case (.flag, let text?):
            values = []
            do {
                isOff = !(try ValueParsing.boolean(text))
            } catch {
                throw OptionError(error.text, option: option.name, at: location)
            }
        case (.list, let text?):
            values = text.split(separator: ";").map { String($0.filter { !$0.isWhitespace }) }.filter { !$0.isEmpty }
            guard !values.isEmpty else {
                throw OptionError("the value is empty", option: option.name, at: location)
            }
        case (_, let text?): values = [text]
        case (_, nil): values = []
        }
    }
}

/// Takes a command line apart the way GLib does: `--x=V`, `--x V`, `-xV`, `-x V`, and letters of flags in one word.
struct CommandLineScanner {
    private var rest: ArraySlice<String>
    private(set) var settings: [OptionSetting] = []

    /// - Parameter arguments: without the name of the program.
    init(_ arguments: [String]) throws(OptionError) {
        rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--" {
                guard let stray = rest.first else { return }
                throw Self.stray(stray)
            } else if word.hasPrefix("--") {
                try takeLong(word.dropFirst(2))
            } else if word.hasPrefix("-"), word.count > 1 {
                try takeShort(word.dropFirst())
            } else {
                throw Self.stray(word)
            }
        }
    }

    private static func stray(_ word: String) -> OptionError {
        OptionError("'\(word)' is not an option; see relayd --help", at: .commandLine)
    }

    private mutating func takeLong(_ word: Substring) throws(OptionError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let option = OptionTable.option(named: parts[0]) else {
            throw OptionError("--\(parts[0]) is not an option; see relayd --help", at: .commandLine)
        }
        var value = parts.count == 2 ? String(parts[1]) : nil
        if value == nil, option.kind != .flag { value = try following(option) }
        try add(option, value)
    }

    private mutating func takeShort(_ letters: Substring) throws(OptionError) {
        var letters = letters
        while let letter = letters.popFirst() {
            guard let option = OptionTable.option(short: letter) else {
                throw OptionError("-\(letter) is not an option; see relayd --help", at: .commandLine)
            }
            guard option.kind != .flag else {
                try add(option, nil)
                continue
            }
            // What follows a letter that wants a value is the value, with or without `=`.
            let attached = letters.first == "=" ? letters.dropFirst() : letters
            try add(option, letters.isEmpty ? try following(option) : String(attached))
            return
        }
    }

    private mutating func following(_ option: OptionDefinition) throws(OptionError) -> String {
        guard let value = rest.popFirst() else {
            throw OptionError("a value is missing", option: option.name, at: .commandLine)
        }
        return value
    }

    private mutating func add(_ option: OptionDefinition, _ value: String?) throws(OptionError) {
        settings.append(try OptionSetting(option, value, at: .commandLine))
    }
}
