internal import RelayCore
internal import Synchronization

/// The store of a group of relays in Redis or Valkey.
public final class RedisSessionStore: SessionStore {
    private let settings: RedisSettings
    private let keys: RedisKeys
    /// One for each location that names Sentinels, from the first session on.
    private let watches = Mutex<[RedisLocation: SentinelWatch]>([:])

    /// Connects to nothing yet.
    public init(_ settings: RedisSettings) {
        self.settings = settings
        keys = RedisKeys(cluster: settings.cluster)
    }

    /// Without passwords.
    public var name: String {
        guard let writing = settings.writing else { return "\(settings.location)" }
        return "\(settings.location), written at \(writing)"
    }

    /// Connects; for followers twice.
    public func open(_ purpose: StorePurpose, bell: Bell) throws(StoreError) -> any StoreSession {
        RedisConnection.blockBrokenPipes()
        switch purpose {
        case .writing:
            return try session(settings.writing ?? settings.location, bell, needsMaster: true)
        case .following:
            let session = try session(settings.location, bell, needsMaster: settings.writing == nil)
            try session.subscribe(settings.subscription)
            return session
        }
    }

    private func session(
        _ location: RedisLocation, _ bell: Bell, needsMaster: Bool
    ) throws(StoreError) -> RedisSession {
        try RedisSession(
            location, keys: keys, patience: settings.patience, bell: bell, needsMaster: needsMaster,
            watch: watch(location))
    }

    private func watch(_ location: RedisLocation) throws(StoreError) -> SentinelWatch? {
        guard location.masterName != nil else { return nil }
        return try watches.withLock { (watches) throws(StoreError) -> SentinelWatch in
            if let watch = watches[location] { return watch }
            do throws(SystemError) {
                let watch = try SentinelWatch(location, patience: settings.patience)
                watches[location] = watch
                return watch
            } catch {
                throw StoreError(.cannotConnect, "\(error)")
            }
        }
    }
}
