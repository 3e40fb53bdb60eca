public import WireFormat

/// Where the relays of a group keep the state of their calls, so that each can go on with the calls of the others.
///
/// There is one in Redis (`RedisSessionStore`) and one in this process (`InMemorySessionStore`); a program can bring its own.
/// A store keeps one record for each Call-ID, the greatest that it was ever offered (`RecordHeader.<`), and an index of
/// changes: Call-IDs by the number of their latest change.
///
/// Replication opens two sessions, one to write and one to follow, each on a thread of its own. All calls of a session
/// block, and no control or media thread ever makes one.
public protocol SessionStore: Sendable {
    /// Where it is, for people.
    var name: String { get }
    /// Connects.
    ///
    /// - Parameter bell: rung by whoever wants the session's thread back; `awaitChange` listens to it.
    func open(_ purpose: StorePurpose, bell: Bell) throws(StoreError) -> any StoreSession
}

/// What a session is for.
public enum StorePurpose: Sendable { case writing, following }

/// One connection to a store. Used by the thread that opened it, and by no other. After an error it is of no more use.
public protocol StoreSession: AnyObject {
    /// The server behind this session. Two sessions with different ones may have seen different data.
    var server: String { get }

    /// Offers records. Each is kept if the store has none of that call, or a lesser one.
    ///
    /// - Returns: an outcome for each offer, in their order.
    func write(_ offers: [StoreOffer]) throws(StoreError) -> [StoreOutcome]
    /// How far the change index goes.
    func position() throws(StoreError) -> StorePosition
    /// The calls that have changed after a position, each with its latest change, oldest first.
    func changes(after sequence: UInt64, limit: Int) throws(StoreError) -> [StoreChange]
    /// The first lines of the records of some calls, in their order.
    func headers(of calls: [ByteString]) throws(StoreError) -> [StoredHeader]
    /// The records of some calls, in their order.
    func records(of calls: [ByteString]) throws(StoreError) -> [StoredRecord]
    /// Removes from the index what it says about these calls, some hundreds at most, as far as their records are gone.
    func forget(_ calls: [ByteString]) throws(StoreError)
    /// Does the same for endings that are long past, some hundreds at most. One whose record is still there is looked at
    /// again when that record's time is up.
    ///
    /// - Returns: whether there may be more.
    func prune(now: UInt64) throws(StoreError) -> Bool
    /// Says that this relay is alive, for as long as `lifetime` lasts, and hears who else is, and what was last said under
    /// its own name.
    func announce(_ node: String, _ state: [UInt8], lifetime: Duration) throws(StoreError) -> [StoredPeer]
    /// Leaves a note for another relay, in the place of an earlier one.
    func leave(
        _ note: [UInt8], from node: String, for other: String, lifetime: Duration
    ) throws(StoreError)
    /// The notes that some relays have left for one, in their order.
    func notes(for node: String, from others: [String]) throws(StoreError) -> [[UInt8]?]
    /// Waits for a change, the bell, or until the time is over.
    func awaitChange(_ limit: Duration) throws(StoreError)
}

/// A record that is to be stored.
public struct StoreOffer: Sendable {
    /// Whose record it is.
    public let callID: ByteString
    /// The record's first line.
    public let header: RecordHeader
    /// The header's line and the body.
    public let record: [UInt8]
    /// How long the store keeps it without hearing of it again.
    public let lifetime: Duration

    package init(callID: ByteString, header: RecordHeader, record: [UInt8], lifetime: Duration) {
        (self.callID, self.header, self.record, self.lifetime) = (callID, header, record, lifetime)
    }
}

/// What became of an offer.
public enum StoreOutcome: Equatable, Sendable {
    /// It is in the store now, under this number in the change index.
    case stored(sequence: UInt64)
    /// The very same was there already.
    case known
    /// The store has a greater record, which is this one.
    case beaten(by: [UInt8])
    /// Something that we cannot read is in its place, and stays there.
    case blocked
}

/// How far the change index of a store goes.
public struct StorePosition: Equatable, Sendable {
    /// Drawn when the store was empty: with another one, whatever was there before is gone. Empty as long as nobody has
    /// written.
    public var incarnation: [UInt8]
    /// Of the last change.
    public var sequence: UInt64
    /// Of the last change that was removed from the index. Whoever has not seen it may have missed an ending.
    public var pruned: UInt64

    /// A position in an index.
    public init(incarnation: [UInt8], sequence: UInt64, pruned: UInt64) {
        (self.incarnation, self.sequence, self.pruned) = (incarnation, sequence, pruned)
    }
}

/// A call that has changed, and the number of its latest change.
public struct StoreChange: Hashable, Sendable {
    /// The call.
    public let callID: ByteString
    /// Of its latest change.
    public let sequence: UInt64

    /// A change of a call.
    public init(callID: ByteString, sequence: UInt64) { (self.callID, self.sequence) = (callID, sequence) }
}

/// The first line of a record, as far as there is one.
public enum StoredHeader: Equatable, Sendable {
    case missing
    case header(RecordHeader)
    case unreadable
}

/// A record as it is stored.
public enum StoredRecord: Equatable, Sendable {
    case missing
    case record([UInt8])
    /// Too large to be one of ours, or no record at all.
    case unreadable
}

/// A relay of the group that has announced itself.
public struct StoredPeer: Equatable, Sendable {
    /// Its name.
    public let node: String
    /// What it has said about itself.
    public let state: [UInt8]

    /// A relay and what it has said.
    public init(node: String, state: [UInt8]) { (self.node, self.state) = (node, state) }
}

/// Why a store could not be used just now. The next session may fare better.
public struct StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: Equatable, Sendable {
        case cannotConnect, connectionLost, timedOut, refused, notWritable, protocolViolation
        /// This process lacks descriptors or threads.
        case noResources
    }
    /// What is wrong, for programs.
    public let reason: Reason
    /// For people: names the server.
    public let description: String

    /// - Parameter description: for people; without passwords.
    @inline(never)  // cold
    public init(_ reason: Reason, _ description: String) { (self.reason, self.description) = (reason, description) }
}

/// Limits of what a store holds and hands out.
public enum StoreLimits {
    /// The longest record, in octets. A call of two sides has about a thousand; more is either not ours or a mistake.
    public static let recordLength = 256 * 1024
    /// The longest Call-ID that is stored, in octets.
    public static let callIDLength = 4096
    /// How long an ending is kept. A relay that was away for longer compares everything.
    public static let endingLifetime = Duration.seconds(600)
    /// Relays in a group whose announcements are read.
    public static let peers = 128
    /// Streams that a relay tells another one of, 16 octets each: those of 4,000 calls of two sides.
    public static let readings = 8192
}
