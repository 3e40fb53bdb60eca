import WireFormat

/// Reads a body line by line, in one pass.
struct SDPParser {
    private(set) var session = SessionDescription()
    private(set) var media: [MediaDescription] = []
    /// The section that is being read.
    private var current: MediaDescription?
    private var currentLine = 0
    private var line = 0
    /// What is missing is reported only when everything else can be read.
    private var incomplete: SDPError?

    /// Lines end with LF, before which a CR may stand. An empty line ends the description; so does a last octet alone.
    mutating func parse(_ text: Span<UInt8>) throws(SDPError) {
        var start = 0
        while start + 1 < text.count {
            var end = start
            while end < text.count, text[end] != .lineFeed { end += 1 }
            let next = min(end + 1, text.count)
            if end > start, text[end - 1] == .carriageReturn { end -= 1 }
            guard end > start, text[start] != .carriageReturn else { break }
            line += 1
            guard line <= SDPLimits.lines else { throw SDPError(.tooManyLines, line: line) }
            try read(text, TextRange(start, end))
            start = next
        }
        guard line > 0 else { throw SDPError(.notSDP, line: 1) }
        finishSection(text, endingAt: start)
        if let incomplete { throw incomplete }
        if !session.hasOrigin { session.makeOrigin(text) }
    }

    private mutating func read(_ text: Span<UInt8>, _ range: TextRange) throws(SDPError) {
        if line == 1 {
            guard range.count == 3, text.hasPrefix("v=0", at: range) else { throw SDPError(.notSDP, line: 1) }
            return
        }
        let start = range.indices.lowerBound
        guard range.count >= 2, text[start + 1] == UInt8(ascii: "=") else { throw SDPError(.malformedLine, line: line) }
        let (letter, value) = (text[start], range.dropFirst(2))
        if letter == UInt8(ascii: "m") {
            try beginSection(text, value)
        } else if current != nil {
            try readMediaLine(letter, text, value)
        } else {
            try readSessionLine(letter, text, value)
        }
    }

    private mutating func readSessionLine(_ letter: UInt8, _ text: Span<UInt8>, _ value: TextRange) throws(SDPError) {
        switch letter {
        case UInt8(ascii: "o"):
            guard !session.hasOrigin else { throw SDPError(.duplicateLine, line: line) }
            guard session.readOrigin(text, value) else { throw SDPError(.badOrigin, line: line) }
        case UInt8(ascii: "s"): session.name = ByteString(text.extracting(value.indices))
        case UInt8(ascii: "t"): session.timing = value
        case UInt8(ascii: "i"): session.information = value
        case UInt8(ascii: "u"): session.uri = value
        case UInt8(ascii: "e"): session.email = value
        case UInt8(ascii: "p"): session.phone = value
        case UInt8(ascii: "b"): session.bandwidth.read(text, value)
        case UInt8(ascii: "c"):
            let address = try connection(text, value, before: session.connection)
            session.connection = address
        case UInt8(ascii: "a"): session.readAttribute(text, value)
        default: try checkIgnored(letter)
        }
    }

    private mutating func readMediaLine(_ letter: UInt8, _ text: Span<UInt8>, _ value: TextRange) throws(SDPError) {
        switch letter {
        case UInt8(ascii: "i"): current?.information = value
        case UInt8(ascii: "b"): current?.bandwidth.read(text, value)
        case UInt8(ascii: "c"):
            let address = try connection(text, value, before: current?.ownConnection)
            current?.ownConnection = address
        case UInt8(ascii: "a"): current?.readAttribute(text, value)
        case UInt8(ascii: "o"), UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "u"), UInt8(ascii: "e"),
            UInt8(ascii: "p"):
            throw SDPError(.misplacedLine, line: line)
        default: try checkIgnored(letter)
        }
    }

    /// Lets `k=`, `r=` and `z=` pass: they say nothing to a relay.
    private func checkIgnored(_ letter: UInt8) throws(SDPError) {
        switch letter {
        case UInt8(ascii: "k"), UInt8(ascii: "r"), UInt8(ascii: "z"): break
        case UInt8(ascii: "v"): throw SDPError(.secondSession, line: line)
        default: throw SDPError(.unknownLine, line: line)
        }
    }

    private func connection(_ text: Span<UInt8>, _ value: TextRange, before: IPAddress?) throws(SDPError) -> IPAddress {
        guard before == nil else { throw SDPError(.duplicateLine, line: line) }
        var rest = value
        guard let networkType = text.nextToken(in: &rest), let address = text.connectionAddress(networkType, in: &rest)
        else { throw SDPError(.badConnection, line: line) }
        return address
    }

    private mutating func beginSection(_ text: Span<UInt8>, _ value: TextRange) throws(SDPError) {
        let start = value.indices.lowerBound - 2
        finishSection(text, endingAt: start)
        guard media.count < SDPLimits.mediaSections else { throw SDPError(.tooManyMediaSections, line: line) }
        do throws(SDPError.Reason) {
            var section = try MediaDescription(text, value)
            section.section = TextRange(start, start)
            current = section
        } catch {
            throw SDPError(error, line: line)
        }
        currentLine = line
    }

    private mutating func finishSection(_ text: Span<UInt8>, endingAt end: Int) {
        guard var section = current.take() else { return }
        if let missing = section.complete(text, endingAt: end, in: session), incomplete == nil {
            incomplete = SDPError(missing, line: currentLine)
        }
        media.append(section)
    }
}
