package import RelayControl

/// What clients ask for and the relay cannot do, for Prometheus and graphite.
package struct UnsupportedFigures: MetricSource {
    private let dispatcher: NGDispatcher

    package init(dispatcher: NGDispatcher) { self.dispatcher = dispatcher }

    package func collect(into metrics: inout MetricWriter) {
        for (name, count) in dispatcher.unsupportedRequests.sorted(by: { $0.key < $1.key }) {
            metrics.counter(
                "relay_unsupported_requests_total", count,
                help: "Commands, keys and flags that were asked for and are not built", labels: ["name": name])
        }
    }
}
