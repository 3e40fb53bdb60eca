internal import NIOCore
internal import Synchronization

/// The connections of one listener, which has only so many.
final class ConnectionSlots: Sendable {
    private struct Place {
        let channel: any Channel
        var lastUse: NIODeadline
    }

    private let limit: Int
    private let expendableAfter: TimeAmount?
    private let places = Mutex<[ObjectIdentifier: Place]>([:])

    /// - Parameter expendableAfter: when all places are taken, the connection that has been silent for the longest gives
    ///   way to a new one, if that is so long ago; `nil` when none does.
    init(limit: Int, expendableAfter: TimeAmount? = nil) {
        (self.limit, self.expendableAfter) = (limit, expendableAfter)
    }

    /// Takes a place for a connection until it is closed; false when there is none.
    func admit(_ channel: any Channel) -> Bool {
        let now = NIODeadline.now()
        let (hasPlace, silent) = places.withLock { places -> (Bool, (any Channel)?) in
            var silent: (any Channel)?
            if places.count >= limit {
                guard let expendableAfter, let oldest = places.min(by: { $0.value.lastUse < $1.value.lastUse }),
                    oldest.value.lastUse + expendableAfter <= now
                else { return (false, nil) }
                silent = places.removeValue(forKey: oldest.key)?.channel
            }
            places[ObjectIdentifier(channel)] = Place(channel: channel, lastUse: now)
            return (true, silent)
        }
        silent?.close(promise: nil)
        if hasPlace {
            let identifier = ObjectIdentifier(channel)
            channel.closeFuture.whenComplete { _ in self.places.withLock { $0[identifier] = nil } }
        }
        return hasPlace
    }

    /// The connection has said something.
    func note(_ channel: any Channel) {
        places.withLock { $0[ObjectIdentifier(channel)]?.lastUse = .now() }
    }
}
