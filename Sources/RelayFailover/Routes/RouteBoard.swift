package import WireFormat

/// What is wanted for each address, and the level above which nothing is announced just now. A value: what has to be told
/// to the driver comes out.
package struct RouteBoard: Equatable, Sendable {
    package struct Change: Equatable, Sendable {
        package let address: IPAddress
        package let level: RouteLevel

        package init(address: IPAddress, level: RouteLevel) { (self.address, self.level) = (address, level) }
    }

    private var wanted: [IPAddress: RouteLevel] = [:]
    private var told: [IPAddress: RouteLevel] = [:]
    private var limit = RouteLevel.home

    package init() {}

    package mutating func want(_ level: RouteLevel, for address: IPAddress) -> [Change] {
        wanted[address] = level
        return changes()
    }

    package mutating func limit(to level: RouteLevel) -> [Change] {
        limit = level
        return changes()
    }

    /// Nobody wants anything above this level any more. Addresses stay known, so that they are withdrawn.
    package mutating func forget(above level: RouteLevel) -> [Change] {
        for (address, now) in wanted { wanted[address] = min(now, level) }
        return changes()
    }

    /// A driver or a command has failed for this address: the next call of any method tries again.
    package mutating func failed(_ address: IPAddress) { told[address] = nil }

    /// What has not been told yet, the better levels first: a backup is there before a home goes.
    package mutating func changes() -> [Change] {
        var changes: [Change] = []
        for (address, level) in wanted {
            let effective = min(level, limit)
            if told[address] != effective { changes.append(Change(address: address, level: effective)) }
        }
        for change in changes { told[change.address] = change.level }
        return Self.sorted(changes)
    }

    /// Everything has been told that should be.
    package var isTold: Bool { wanted.allSatisfy { address, level in told[address] == min(level, limit) } }

    /// What has been told and still holds, in the same order.
    package var standing: [Change] { Self.sorted(told.map { Change(address: $0.key, level: $0.value) }) }

    private static func sorted(_ changes: [Change]) -> [Change] {
        changes.sorted { ($0.level, "\($0.address)") > ($1.level, "\($1.address)") }
    }
}
