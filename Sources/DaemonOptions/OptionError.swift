/// Why the options cannot be used: one line that says what is wrong, where, and what would be right.
package struct OptionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where the wrong text stands.
    package enum Location: Equatable, Sendable {
        case commandLine
        case file(path: String, line: Int)
    }

    /// Where the wrong text stands; `nil` when it is about several options together.
    package let location: Location?
    /// The long name of the option, without dashes; `nil` when no known option is meant.
    package let option: String?
    /// What is wrong and what would be right.
    package let problem: String

    @inline(never)  // cold
    package init(_ problem: String, option: String? = nil, at location: Location? = nil) {
        (self.location, self.option, self.problem) = (location, option, problem)
    }

    /// Without the name of the program, and always one line: what was given may hold anything.
    package var description: String {
        let text =
            switch (location, option) {
            case (.file(let path, let line), let option?): "\(path):\(line): \(option): \(problem)"
            case (.file(let path, let line), nil): "\(path):\(line): \(problem)"
            case (_, let option?): "--\(option): \(problem)"
            case (_, nil): problem
            }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 }))
    }
}

/// Why one value was refused, before it is known where the value stood.
package struct ValueProblem: Error, Equatable, Sendable {
    package let text: String

    @inline(never)  // cold
    package init(_ text: String) { self.text = text }
}
