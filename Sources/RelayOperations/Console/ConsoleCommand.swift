/// A command of the console: of `relayctl`, `rtpengine-ctl`, HTTP and the NG command `cli` alike.
package protocol ConsoleCommand: Sendable {
    /// The words that call it, such as `["list", "sessions"]`.
    var path: [String] { get }
    /// What may follow them, for the overview: `CALL-ID|all`.
    var arguments: String { get }
    /// What it does, in one line.
    var help: String { get }

    /// Carries it out.
    ///
    /// - Parameter words: what follows the path. At most 64 words, from outside: expect anything.
    func run(_ words: [String]) async -> ConsoleReply
}

/// What a command has to say.
package struct ConsoleReply: Equatable, Sendable {
    /// For people; ends with a line feed.
    package var text: String
    /// The same for scripts; `nil` when the text is all there is.
    package var data: ReportValue?
    /// The command was not carried out; the text says why.
    package var isFailure = false

    /// It was carried out.
    package init(_ text: String, data: ReportValue? = nil) { (self.text, self.data) = (text, data) }

    /// It was not carried out.
    package static func failure(_ text: String) -> ConsoleReply {
        var reply = ConsoleReply(text)
        reply.isFailure = true
        return reply
    }
}

/// A console command made of a function.
package struct ConsoleFunction: ConsoleCommand {
    package let path: [String]
    package let arguments: String
    package let help: String
    private let body: @Sendable ([String]) async -> ConsoleReply

    /// - Parameter path: the words that call it, with blanks between them.
    package init(
        _ path: String, _ arguments: String = "", help: String,
        body: @escaping @Sendable ([String]) async -> ConsoleReply
    ) {
        self.path = path.split(separator: " ").map(String.init)
        (self.arguments, self.help, self.body) = (arguments, help, body)
    }

    package func run(_ words: [String]) async -> ConsoleReply { await body(words) }
}
