internal import WireFormat

/// One option, for the command line, the configuration file and the help text alike.
struct OptionDefinition: Sendable {
    /// What may stand behind the name.
    enum Kind: Equatable, Sendable {
        /// Nothing; `true` or `false` in the file.
        case flag
        /// One value; the last one counts.
        case value
        /// Values between `;`, and the option may be repeated.
        case list
    }

    /// What becomes of the option.
    enum Use: Sendable {
        case apply(Apply)
        /// As before, with names that only this host can turn into addresses.
        case applyWithHost(ApplyWithHost)
        /// Looked at before all others: `help`, `version`, and those that say where the file is.
        case early
        /// Accepted so that existing files and unit files keep working. The user misses something: a warning.
        case notBuilt
        /// As before, but nobody misses anything: an information line.
        case ignored
    }

    /// Takes the values over; a flag comes with none.
    typealias Apply = @Sendable (inout Configuration, [String]) throws(ValueProblem) -> Void

    /// As `Apply`, with the host's names.
    typealias ApplyWithHost = @Sendable (inout Configuration, [String], HostNetwork) throws(ValueProblem) -> Void

    let name: String
    var short: Character?
    let kind: Kind
    /// What the help text shows behind `=`.
    var placeholder = ""
    var help = ""
    let use: Use

    /// The last value, as that is the one that counts.
    static func value(
        _ name: String, short: Character? = nil, _ placeholder: String, _ help: String,
        apply: @escaping @Sendable (inout Configuration, String) throws(ValueProblem) -> Void
    ) -> OptionDefinition {
        OptionDefinition(
            name: name, short: short, kind: .value, placeholder: placeholder, help: help,
            use: .apply { (configuration, values) throws(ValueProblem) in
                if let last = values.last { try apply(&configuration, last) }
            })
    }

    /// An integer within a range.
    ///
    /// - Parameter least: the least that means something; less is accepted, as by rtpengine, and taken for it.
    static func integer(
        _ name: String, short: Character? = nil, _ path: any WritableKeyPath<Configuration, Int> & Sendable,
        in range: ClosedRange<Int>, atLeast least: Int = .min, _ placeholder: String, _ help: String
    ) -> OptionDefinition {
        value(name, short: short, placeholder, help) { (configuration, text) throws(ValueProblem) in
            configuration[keyPath: path] = max(least, try ValueParsing.integer(text, in: range))
        }
    }

    /// So many seconds, after which calls end. 0 and less mean the default, as in rtpengine: where BYEs are lost, calls
    /// without a limit would be there for ever.
    static func timeout(
        _ name: String, short: Character? = nil, _ path: any WritableKeyPath<Configuration, Int> & Sendable,
        _ help: String
    ) -> OptionDefinition {
        value(name, short: short, "SECS", help) { (configuration, text) throws(ValueProblem) in
            configuration[keyPath: path] = try ValueParsing.timeout(text, usual: Configuration()[keyPath: path])
        }
    }

    /// A flag that is off unless given.
    static func flag(
        _ name: String, short: Character? = nil, _ path: any WritableKeyPath<Configuration, Bool> & Sendable,
        _ help: String
    ) -> OptionDefinition {
        OptionDefinition(
            name: name, short: short, kind: .flag, help: help,
            use: .apply { (configuration, _) throws(ValueProblem) in configuration[keyPath: path] = true })
    }

    /// Addresses to listen on.
    static func listeners(
        _ name: String, short: Character? = nil,
        _ path: any WritableKeyPath<Configuration, [TransportAddress]> & Sendable, _ help: String
    ) -> OptionDefinition {
        OptionDefinition(
            name: name, short: short, kind: .list, placeholder: "[IP:]PORT", help: help,
            use: .applyWithHost { (configuration, values, host) throws(ValueProblem) in
                configuration[keyPath: path] = []
                for text in values {
                    let addresses = try ValueParsing.listenAddresses(text, on: host)
                    // A bare port, and the same on [::] to have both families, is two addresses and not three.
                    for address in addresses where !configuration[keyPath: path].contains(address) {
                        configuration[keyPath: path].append(address)
                    }
                    if addresses.count > 1 { configuration.alternativeListeners.formUnion(addresses) }
                }
            })
    }

    /// Values in the order in which they came.
    static func list(
        _ name: String, short: Character? = nil, _ placeholder: String, _ help: String, apply: @escaping Apply
    ) -> OptionDefinition {
        OptionDefinition(
            name: name, short: short, kind: .list, placeholder: placeholder, help: help, use: .apply(apply))
    }
}
