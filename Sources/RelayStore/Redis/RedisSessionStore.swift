/// The store of a group of relays in Redis or Valkey.
package final class RedisSessionStore: SessionStore {
    private let settings: RedisSettings
    private let keys: RedisKeys

    /// Connects to nothing yet.
    package init(_ settings: RedisSettings) {
        self.settings = settings
        keys = RedisKeys(cluster: settings.cluster)
    }

    package var name: String {
        guard let writing = settings.writing else { return "\(settings.location)" }
        return "\(settings.location), written at \(writing)"
    }

    package func open(_ purpose: StorePurpose, bell: Bell) throws(StoreError) -> any StoreSession {
        RedisConnection.blockBrokenPipes()
        switch purpose {
        case .writing:
            return try RedisSession(
                settings.writing ?? settings.location, keys: keys, patience: settings.patience, bell: bell,
                needsMaster: true)
        case .following:
            let session = try RedisSession(
                settings.location, keys: keys, patience: settings.patience, bell: bell,
                needsMaster: settings.writing == nil)
            try session.subscribe(settings.subscription)
            return session
        }
    }
}
