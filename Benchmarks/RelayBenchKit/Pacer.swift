/// When packet number `n` of a constant rate is due, without drift: all from one start, in whole numbers.
package struct Pacer: Equatable, Sendable {
    /// Packets per second, at least 1.
    package let rate: UInt64
    /// When packet 0 is due, in nanoseconds of the caller's clock.
    package let start: UInt64

    private static let nanosecondsPerSecond: UInt64 = 1_000_000_000

    package init(rate: UInt64, start: UInt64) { (self.rate, self.start) = (max(1, rate), start) }

    /// How many packets should have been sent at `now`; packet 0 counts from `start` on.
    package func due(at now: UInt64) -> UInt64 {
        guard now >= start else { return 0 }
        let product = (now - start).multipliedFullWidth(by: rate)
        // Past 2^64 packets there is nothing left to pace.
        guard product.high < Self.nanosecondsPerSecond else { return .max }
        let whole = Self.nanosecondsPerSecond.dividingFullWidth(product).quotient
        return whole == .max ? whole : whole + 1
    }

    /// The moment at which `due(at:)` first exceeds `packet`.
    package func time(of packet: UInt64) -> UInt64 {
        let product = packet.multipliedFullWidth(by: Self.nanosecondsPerSecond)
        guard product.high < rate else { return .max }
        let (quotient, remainder) = rate.dividingFullWidth(product)
        let (time, overflow) = start.addingReportingOverflow(quotient)
        return overflow || time == .max ? .max : time + (remainder > 0 ? 1 : 0)
    }
}
