internal import RelayCore
internal import Synchronization

/// Asks Sentinel every now and then who the master is, on a thread of its own: Sentinels that do not answer, and names that
/// cannot be looked up, must not keep anybody from following the master that is there.
final class SentinelWatch: Sendable {
    /// How often Sentinel is asked.
    private static let interval = Duration.seconds(2)

    private final class Core: Sendable {
        let master = Mutex<RedisLocation.Endpoint?>(nil)
        let isStopping = Atomic<Bool>(false)
        let bell: Bell

        init() throws(SystemError) { bell = try Bell() }
    }

    private let core: Core

    /// Starts to ask.
    init(_ location: RedisLocation, patience: RedisPatience) throws(SystemError) {
        let core = try Core()
        self.core = core
        // Nobody waits for its end: it may be asking somebody who does not answer.
        _ = try SystemThread(name: "store-sentinel") {
            RedisConnection.blockBrokenPipes()
            let directory = RedisDirectory(location, patience: patience)
            while !core.isStopping.load(ordering: .acquiring) {
                // A Sentinel that does not answer says nothing about the master.
                if let master = try? directory.server() { core.master.withLock { $0 = master } }
                core.bell.wait(Self.interval)
            }
        }
    }

    deinit {
        core.isStopping.store(true, ordering: .releasing)
        core.bell.ring()
    }

    /// The master that was named last.
    var master: RedisLocation.Endpoint? { core.master.withLock { $0 } }

    /// Somebody else has just been told.
    func note(_ master: RedisLocation.Endpoint) { core.master.withLock { $0 = master } }
}
