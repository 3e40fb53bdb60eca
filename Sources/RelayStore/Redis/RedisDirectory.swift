/// Finds the server behind a location: the named one, or the master that Sentinel names. Used by one thread.
final class RedisDirectory {
    private var location: RedisLocation
    private let patience: RedisPatience
    private var sentinel: RedisConnection?

    init(_ location: RedisLocation, patience: RedisPatience) { (self.location, self.patience) = (location, patience) }

    /// The server to connect to.
    func server() throws(StoreError) -> RedisLocation.Endpoint {
        guard let name = location.masterName else { return location.endpoints[0] }
        if let known = sentinel {
            do throws(StoreError) { return try Self.ask(known, location, name) } catch { sentinel = nil }
        }
        var last = StoreError(.cannotConnect, "no Sentinel is named")
        for index in location.endpoints.indices {
            do throws(StoreError) {
                let connection = try RedisConnection(to: location.endpoints[index], patience: patience)
                let endpoint = try Self.ask(connection, location, name)
                sentinel = connection
                location.endpoints.swapAt(0, index)  // who answers is asked first the next time
                return endpoint
            } catch {
                last = error
            }
        }
        throw last
    }

    private static func ask(
        _ connection: RedisConnection, _ location: RedisLocation, _ name: String
    ) throws(StoreError) -> RedisLocation.Endpoint {
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
}
