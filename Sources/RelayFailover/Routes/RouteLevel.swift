/// How strongly a route for an address is announced. Greater is better for whoever chooses.
package enum RouteLevel: Int, Comparable, CaseIterable, Sendable {
    /// Not at all. The address is not on this host, as far as a driver can arrange that.
    case none
    /// To be used when nobody else announces it (RFC 8326). The address is on this host: what still arrives is served.
    case lastResort
    /// As the backup of the address's home.
    case backup
    /// As the address's home.
    case home

    package static func < (one: RouteLevel, other: RouteLevel) -> Bool { one.rawValue < other.rawValue }

    /// The word for it in messages and logs.
    package var word: String {
        switch self {
        case .none: "none"
        case .lastResort: "last-resort"
        case .backup: "backup"
        case .home: "home"
        }
    }

    /// Reads the word back.
    package init?(word: some StringProtocol) {
        guard let level = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = level
    }
}
