internal import WireFormat

/// Which addresses are known not to be routed here, and since when others are again: silence means something only while
/// packets would come. A value; time is nanoseconds of the monotonic clock.
struct Carriage: Sendable {
    private var uncarried: Set<IPAddress> = []
    private var carriedSince: [IPAddress: UInt64] = [:]

    /// From now on these are not routed here, and all others are.
    mutating func set(uncarried addresses: Set<IPAddress>, at now: UInt64) {
        for address in uncarried.subtracting(addresses) { carriedSince[address] = now }
        uncarried = addresses
    }

    /// Since when packets of a call with these addresses would have come here: 0 for always, `nil` when they would not.
    func since(on addresses: [IPAddress]) -> UInt64? {
        let carried = addresses.filter { !uncarried.contains($0) }
        guard !carried.isEmpty || addresses.isEmpty else { return nil }
        return carried.compactMap { carriedSince[$0] }.max() ?? 0
    }

    /// Every address has always been routed here.
    var isEverywhere: Bool { uncarried.isEmpty && carriedSince.isEmpty }
}
