internal import Synchronization

/// Finds the server behind a location: the named one, or the master that Sentinel names.
///
/// One for each session; used by the session's thread.
final class RedisDirectory {
    /// How often Sentinel is asked whether the master is still the master.
    private static let interval = Duration.seconds(2)

    private var location: RedisLocation
    private let patience: RedisPatience
    private var sentinel: RedisConnection?
    private var nextQuestion = ContinuousClock.now

    init(_ location: RedisLocation, patience: RedisPatience) { (self.location, self.patience) = (location, patience) }

    /// The server to connect to.
    func server() throws(StoreError) -> RedisLocation.Endpoint {
        guard let name = location.masterName else { return location.endpoints[0] }
        var last = StoreError(.cannotConnect, "no Sentinel is named")
        for index in location.endpoints.indices {
            do throws(StoreError) {
                let connection = try RedisConnection(to: location.endpoints[index], patience: patience)
                let endpoint = try ask(connection, name)
                sentinel = connection
                nextQuestion = .now + Self.interval
                location.endpoints.swapAt(0, index)  // who answers is asked first the next time
                return endpoint
            } catch {
                last = error
            }
        }
        throw last
    }

    private func ask(_ connection: RedisConnection, _ name: String) throws(StoreError) -> RedisLocation.Endpoint {
        var reply = try connection.call("SENTINEL", "get-master-addr-by-name", name)
        if case .error(let text) = reply, text.hasPrefix("NOAUTH") {
            try RedisSession.authenticate(connection, location)
            reply = try connection.call("SENTINEL", "get-master-addr-by-name", name)
        }
        guard let parts = reply.elements, parts.count == 2, let host = parts[0].text, let port = parts[1].number,
            let port = UInt16(exactly: port)
        else { throw StoreError(.refused, "\(connection.endpoint): Sentinel knows no master '\(name)'") }
        return RedisLocation.Endpoint(host: host, port: port)
    }

    /// Whether Sentinel, as far as it answers, names another server now. Asks every now and then.
    func hasMoved(from endpoint: RedisLocation.Endpoint) -> Bool {
        guard let name = location.masterName, ContinuousClock.now >= nextQuestion else { return false }
        nextQuestion = .now + Self.interval
        do throws(StoreError) {
            guard let sentinel else { return try server() != endpoint }
            return try ask(sentinel, name) != endpoint
        } catch {
            // A Sentinel that does not answer says nothing about the master.
            sentinel = nil
            return false
        }
    }
}
