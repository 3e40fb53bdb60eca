internal import NGProtocol
package import RelayCore
package import WireFormat

/// What a store keeps of one call: a header that says which state this is, and the state itself.
///
/// The body is a bencoded dictionary with named fields. Unknown fields are passed over, missing ones have their usual
/// value, so that relays of different versions can share calls.
package enum SessionRecord: Equatable, Sendable {
    case live(CallSnapshot)
    case ended(CallEnding)

    /// Why octets are not a record.
    package enum Fault: Error, Equatable, Sendable {
        /// Of another format or version, or damaged at the start.
        case header
        /// Not a dictionary.
        case body
        /// A field that has to be there is not, or has a value that it cannot have.
        case field(String)
        /// The record of another call.
        case callID
    }

    package var header: RecordHeader {
        switch self {
        case .live(let snapshot): RecordHeader(version: snapshot.version, state: .live)
        case .ended(let ending):
            RecordHeader(version: ending.version, state: ending.isFinal ? .ended : .givenUp)
        }
    }

    /// The octets to store.
    package var encoded: [UInt8] {
        var bytes = ByteWriter(capacity: 1536)
        header.write(to: &bytes)
        var body = BodyWriter(bytes)
        body.dictionary { body in
            switch self {
            case .live(let snapshot): body.write(snapshot)
            case .ended(let ending): body.field("call", ending.callID)
            }
        }
        return body.bytes.bytes
    }

    /// Reads the record that is stored for a call.
    package init(_ bytes: [UInt8], of callID: ByteString) throws(Fault) {
        var cursor = ByteCursor(bytes.span)
        guard let header = RecordHeader(&cursor) else { throw .header }
        let body: NGDictionary
        do throws(NGError) {
            guard cursor.peek == UInt8(ascii: "d") else { throw NGError(.unknownFormat) }
            body = try NGCodec.decode(cursor.takeRest()).dictionary
        } catch {
            throw .body
        }
        guard body["call"]?.string == callID else { throw .callID }
        guard header.isLive else {
            self = .ended(CallEnding(callID: callID, version: header.version, isFinal: header.state == .ended))
            return
        }
        self = .live(try BodyReader(body).snapshot(callID, header.version))
    }
}
