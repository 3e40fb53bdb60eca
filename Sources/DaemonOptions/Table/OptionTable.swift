/// All options: ours, and those of rtpengine that we only accept.
enum OptionTable {
    static let all: [OptionDefinition] =
        early + network + calls + limits + sharing + statistics + process + logging + accepted

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    private static let byShort = Dictionary(
        all.compactMap { option in option.short.map { ($0, option) } }, uniquingKeysWith: { first, _ in first })

    /// The option of a long name.
    static func option(named name: some StringProtocol) -> OptionDefinition? { byName[String(name)] }

    /// The option of a letter.
    static func option(short: Character) -> OptionDefinition? { byShort[short] }

    private static let helpColumn = 40

    /// The text for `--help`.
    static var helpText: String {
        var text = "Usage: relayd [OPTION…]\n\nWithout options: NG on 127.0.0.1:2223, media on 127.0.0.1.\n\n"
        for option in all where !option.help.isEmpty {
            let short = option.short.map { "-\($0), " } ?? "    "
            let usage = "  \(short)--\(option.name)\(option.kind == .flag ? "" : "=\(option.placeholder)")"
            let gap = max(1, helpColumn - usage.count)
            text += "\(usage)\(String(repeating: " ", count: gap))\(option.help)\n"
        }
        text +=
            "\nEvery long name is also a key of the configuration file. Options of rtpengine that are not listed here\n"
        return text + "are accepted and have no effect; the log says so at start.\n"
    }
}
