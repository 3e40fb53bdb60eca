package import DaemonOptions
internal import Synchronization

/// The options as they are now: as at the start, changed by the console or by reading the file again.
package final class LiveConfiguration: Sendable {
    /// What came of reading the options again.
    package struct Reload: Equatable, Sendable {
        /// `NAME: OLD => NEW`, in force from now on.
        package var applied: [String] = []
        /// `NAME: OLD => NEW`, in force from the next start on.
        package var needRestart: [String] = []

        package init() {}
    }

    /// What was read at the start.
    package let start: Configuration
    private let state: Mutex<Configuration>
    private let apply: @Sendable (Configuration) -> Void

    /// - Parameters:
    ///   - current: where the options have changed since the start, which was that of another process.
    ///   - apply: brings the parts of the daemon in line with what may change while they run. Called under a lock.
    package init(
        _ start: Configuration, current: Configuration? = nil, apply: @escaping @Sendable (Configuration) -> Void
    ) {
        (self.start, self.apply) = (start, apply)
        state = Mutex(current ?? start)
    }

    /// The options as they are now.
    package var current: Configuration { state.withLock { $0 } }

    /// Changes options that may change.
    package func change(_ body: (inout Configuration) -> Void) {
        state.withLock { configuration in
            var changed = configuration
            body(&changed)
            configuration.takeLive(from: changed)
            apply(configuration)
        }
    }

    /// Back to what was read at the start.
    package func revert() { change { $0 = start } }

    /// Takes over what was read again: what may change counts at once.
    package func reload(_ new: Configuration) -> Reload {
        state.withLock { configuration in
            var reload = Reload()
            for difference in Self.differences(from: configuration.parameters, to: new.parameters) {
                if difference.isLive {
                    reload.applied.append(difference.text)
                } else {
                    reload.needRestart.append(difference.text)
                }
            }
            configuration.takeLive(from: new)
            apply(configuration)
            return reload
        }
    }

    /// What has changed since the start.
    package var differences: [String] {
        Self.differences(from: start.parameters, to: current.parameters).map(\.text)
    }

    /// Parameters of one name, such as several listeners, are compared one after the other.
    private static func differences(
        from old: [Parameter], to new: [Parameter]
    ) -> [(text: String, isLive: Bool)] {
        var names: [String] = []
        for name in (old + new).map(\.name) where !names.contains(name) { names.append(name) }
        return names.compactMap { name in
            let (before, after) = (old.filter { $0.name == name }, new.filter { $0.name == name })
            guard before != after else { return nil }
            let texts = [before, after].map { $0.map(\.value).joined(separator: ";") }
            return ("\(name): \(texts[0]) => \(texts[1])", (before + after).allSatisfy(\.isLive))
        }
    }
}
