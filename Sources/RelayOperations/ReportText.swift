/// Numbers and columns as the reports print them.
package enum ReportText {
    private static let powers: [Double] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]

    /// A number with a fixed count of decimals (at most 6), rounded; what is no number becomes
    /// 0.
    package static func decimal(_ value: Double, digits: Int) -> String {
        let digits = min(max(digits, 0), powers.count - 1)
        let scaled = (value * powers[digits]).rounded(.toNearestOrEven)
        guard scaled.isFinite, let whole = Int64(exactly: scaled) else {
            // Beyond 2^63 there are no decimals left to print.
            guard value.isFinite, let text = wholeText(value) else { return decimal(0, digits: digits) }
            return digits == 0 ? text : text + "." + String(repeating: "0", count: digits)
        }
        guard digits > 0 else { return "\(whole)" }
        let magnitude = String(whole.magnitude)
        let padded = String(repeating: "0", count: max(0, digits + 1 - magnitude.count)) + magnitude
        return (whole < 0 ? "-" : "") + padded.dropLast(digits) + "." + padded.suffix(digits)
    }

    /// A number too great for decimals, as a whole number.
    private static func wholeText(_ value: Double) -> String? {
        guard let whole = Int128(exactly: value.rounded(.towardZero)) else { return nil }
        return "\(whole)"
    }

    /// A text at the left of a column.
    package static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// A text at the right of a column.
    package static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
