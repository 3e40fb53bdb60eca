/// Something that has numbers to show. One source feeds Prometheus, graphite and the statistics in JSON.
package protocol MetricSource: Sendable {
    /// Writes its numbers as they are now.
    ///
    /// Called from any thread, now and then several at once; must neither block nor wait for the network. Names begin
    /// with `relay_`; `rtpengine_` is kept for what rtpengine shows too.
    func collect(into metrics: inout MetricWriter)
}

/// Takes numbers down, for all the forms in which they are shown.
package struct MetricWriter: Sendable {
    /// What a number does over time.
    package enum Kind: String, Sendable {
        /// Only rises, and begins at 0 with the process.
        case counter
        /// Rises and falls.
        case gauge
    }

    /// A number.
    package enum Value: Equatable, Sendable {
        case integer(Int64)
        case decimal(Double)

        /// As it is printed: a decimal with six digits, as rtpengine does.
        package var text: String {
            switch self {
            case .integer(let value): "\(value)"
            case .decimal(let value): ReportText.decimal(value, digits: 6)
            }
        }
    }

    /// A number with its labels.
    package struct Sample: Equatable, Sendable {
        package let labels: [Label]
        package let value: Value
    }

    /// Tells numbers of one name apart.
    package struct Label: Equatable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// Numbers of one name.
    package struct Family: Equatable, Sendable {
        package let name: String
        package let kind: Kind
        package let help: String
        package fileprivate(set) var samples: [Sample] = []
    }

    /// In the order in which their first numbers came.
    package private(set) var families: [Family] = []
    private var positions: [String: Int] = [:]

    package init() {}

    /// Takes down a number that only rises.
    ///
    /// - Parameter name: with its unit, as in `relay_replication_lag_seconds`; counters end in `_total`.
    package mutating func counter(
        _ name: String, _ value: some BinaryInteger, help: String = "", labels: KeyValuePairs<String, String> = [:]
    ) { add(name, .counter, .integer(Int64(clamping: value)), help, labels) }

    /// Takes down a number that only rises.
    package mutating func counter(
        _ name: String, _ value: Double, help: String = "", labels: KeyValuePairs<String, String> = [:]
    ) { add(name, .counter, .decimal(value), help, labels) }

    /// Takes down a number that rises and falls.
    package mutating func gauge(
        _ name: String, _ value: some BinaryInteger, help: String = "", labels: KeyValuePairs<String, String> = [:]
    ) { add(name, .gauge, .integer(Int64(clamping: value)), help, labels) }

    /// Takes down a number that rises and falls.
    package mutating func gauge(
        _ name: String, _ value: Double, help: String = "", labels: KeyValuePairs<String, String> = [:]
    ) { add(name, .gauge, .decimal(value), help, labels) }

    private mutating func add(
        _ name: String, _ kind: Kind, _ value: Value, _ help: String, _ labels: KeyValuePairs<String, String>
    ) { add(name, kind, value, help, labels.map { Label($0.key, $0.value) }) }

    mutating func add(_ name: String, _ kind: Kind, _ value: Value, _ help: String, _ labels: [Label]) {
        let position = positions[name] ?? families.count
        if position == families.count {
            families.append(Family(name: name, kind: kind, help: help))
            positions[name] = position
        }
        families[position].samples.append(Sample(labels: labels, value: value))
    }
}
