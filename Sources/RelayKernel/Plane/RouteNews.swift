internal import CRelayKernel
internal import RelayCore

/// What the kernel tells of routes, rules, neighbours, addresses and interfaces of this network namespace. One thread uses it.
@safe struct RouteNews: ~Copyable {
    // SAFETY: made in init, freed in deinit, never handed out.
    private let known: OpaquePointer?
    private let socket: Descriptor

    /// Opens a socket that has something to read when there is news.
    static func open() throws(SystemError) -> Descriptor { try Descriptor(relay_watch_routes(), "watch routes") }

    init(_ socket: Descriptor) {
        self.socket = socket
        unsafe known = relay_neighbours_create()
    }

    deinit { unsafe relay_neighbours_destroy(known) }

    /// Reads what has come: whether packets may have to go another way since. A neighbour that has been asked whether it is still
    /// there, and is, is no reason.
    mutating func take() throws(SystemError) -> Bool {
        let result = unsafe relay_drain_routes(socket.number, known)
        try check(result, "watch routes")
        return result > 0
    }
}
