package import WireFormat

/// A call as another relay can go on with it: everything that the next packet and the next command need.
///
/// Times are wall-clock microseconds since the epoch, since monotonic clocks do not travel.
package struct CallSnapshot: Hashable, Sendable {
    /// An open RTP port, and its RTCP port next to it.
    package struct Port: Hashable, Sendable {
        /// The logical interface.
        package var interface: String
        package var local: IPAddress
        /// The RTP port; RTCP has the next one.
        package var port: UInt16
        /// False for T.38 and other protocols that have one port only, and when RTCP comes to the RTP port.
        package var hasRTCP: Bool

        package init(interface: String, local: IPAddress, port: UInt16, hasRTCP: Bool) {
            (self.interface, self.local, self.port, self.hasRTCP) = (interface, local, port, hasRTCP)
        }

        /// The same for both states of the RTCP port, which comes and goes with `a=rtcp-mux`.
        var number: Port { Port(interface: interface, local: local, port: port, hasRTCP: true) }
    }

    /// One m-line of one side.
    package struct Media: Hashable, Sendable {
        package var terms: MediaTerms
        package var port: Port?
        package var superseded: [Port] = []
        package var closeSupersededAt: UInt64?

        package init(terms: MediaTerms) { self.terms = terms }

        package var ports: [Port] { (port.map { [$0] } ?? []) + superseded }
        /// As `MediaStream.awaitsAnswer`.
        var awaitsAnswer: Bool { !superseded.isEmpty && closeSupersededAt == nil }
    }

    /// One side of the call.
    package struct Side: Hashable, Sendable {
        /// Without its media and without `removeAt`, which are here beside it.
        package var participant: Participant
        package var removeAt: UInt64?
        package var media: [Media] = []

        package init(participant: Participant) { self.participant = participant }
    }

    package let callID: ByteString
    package var version: CallVersion
    package var tos: UInt8
    package var metadata: ByteString?
    /// What is switched off for all sides.
    package var restriction: MediaRestriction = []
    /// Nothing is forwarded.
    package var dropsTraffic = false
    /// Of the last offer or answer.
    package var lastSignal: UInt64
    /// When a delayed `delete` takes effect.
    package var deleteAt: UInt64?
    /// The id that the next new side will get.
    package var nextParticipant: Int
    package var sides: [Side] = []

    package init(callID: ByteString, version: CallVersion, tos: UInt8, lastSignal: UInt64, nextParticipant: Int) {
        (self.callID, self.version, self.tos) = (callID, version, tos)
        (self.lastSignal, self.nextParticipant) = (lastSignal, nextParticipant)
    }

    /// Every port, replaced ones included.
    package var ports: [Port] { sides.flatMap { $0.media.flatMap(\.ports) } }
}
