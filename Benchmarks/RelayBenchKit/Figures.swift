/// Numbers as people read them.
package enum Figures {
    /// `1234567` as `1,234,567`.
    package static func grouped(_ value: some BinaryInteger) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return value < 0 ? "-" + text : text
    }

    /// A number with a fixed count of decimals, rounded half away from zero; the integral part is grouped.
    package static func decimal(_ value: Double, places: Int) -> String {
        guard value.isFinite else { return "-" }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (abs(value) * scale).rounded(.toNearestOrAwayFromZero)
        guard scaled < 9e18 else { return String(value) }
        let whole = UInt64(scaled)
        let unit = UInt64(scale)
        let sign = value < 0 && whole > 0 ? "-" : ""
        guard places > 0 else { return sign + grouped(whole) }
        let fraction = String(whole % unit)
        return sign + grouped(whole / unit) + "." + String(repeating: "0", count: places - fraction.count) + fraction
    }

    /// Nanoseconds with the unit that fits: `870 ns`, `27.4 µs`, `1.25 ms`, `2.00 s`.
    package static func duration(_ nanoseconds: UInt64) -> String {
        switch nanoseconds {
        case ..<1_000: "\(nanoseconds) ns"
        case ..<1_000_000: decimal(Double(nanoseconds) / 1e3, places: 1) + " µs"
        case ..<1_000_000_000: decimal(Double(nanoseconds) / 1e6, places: 2) + " ms"
        default: decimal(Double(nanoseconds) / 1e9, places: 2) + " s"
        }
    }

    /// A share of a whole: `0`, `0.013 %`, `2.4 %`.
    package static func percent(_ part: Int, of whole: Int) -> String {
        guard part != 0, whole > 0 else { return "0" }
        let share = Double(part) / Double(whole) * 100
        return decimal(share, places: share < 1 ? 3 : 1) + " %"
    }

    /// `1 call`, `2 calls`.
    package static func count(_ number: Int, _ noun: String) -> String {
        grouped(number) + " " + noun + (number == 1 ? "" : "s")
    }
}
