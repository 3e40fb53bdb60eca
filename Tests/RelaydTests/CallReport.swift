import RelayTestSupport
import WireFormat

/// What came of a number of calls, read from what was on the wire.
struct CallReport {
    /// Where the packets of one stream go.
    struct Flow: Hashable {
        let source: TransportAddress
        let destination: TransportAddress
    }

    /// One direction of one call, by what the SIP messages said and not by what the relay says.
    struct Direction {
        /// From a party to the address that it was told.
        let sent: Flow
        /// From the address that the other party was told, to that party.
        let relayed: Flow
    }

    /// Both directions of every call that was set up.
    let directions: [Direction]
    /// How many calls were up together: acknowledged before the first of them ended.
    let callsAtOnce: Int
    /// What went into and out of the relay's media ports.
    private let media: [Flow: [CapturedDatagram]]
    private let relay: IPAddress

    /// - Parameter datagrams: SIP and media, in the order in which they were seen.
    init(
        _ datagrams: [CapturedDatagram], caller: IPAddress, callee: IPAddress,
        relay: IPAddress, mediaPorts: ClosedRange<UInt16>
    ) {
        func isMediaPort(_ address: TransportAddress) -> Bool {
            address.address == relay && mediaPorts.contains(address.port)
        }
        self.relay = relay
        media = Dictionary(grouping: datagrams.filter { isMediaPort($0.source) || isMediaPort($0.destination) }) {
            Flow(source: $0.source, destination: $0.destination)
        }
        let messages = datagrams.compactMap { datagram in SIPMessage(datagram.payload).map { (datagram, $0) } }
        callsAtOnce = Set(messages.prefix { $0.1.kind != "BYE" }.filter { $0.1.kind == "ACK" }.map(\.1.callID)).count
        var calls: [String: Ports] = [:]
        for (datagram, message) in messages {
            guard let address = message.media else { continue }
            var ports = calls[message.callID] ?? Ports()
            if datagram.source.address == caller { ports.caller = address }
            if datagram.source.address == callee { ports.callee = address }
            if datagram.destination.address == caller { ports.toldCaller = address }
            if datagram.destination.address == callee { ports.toldCallee = address }
            calls[message.callID] = ports
        }
        directions = calls.values.flatMap(\.directions)
    }

    /// The addresses in the SDP of one call.
    private struct Ports {
        var caller, callee, toldCaller, toldCallee: TransportAddress?

        var directions: [Direction] {
            guard let caller, let callee, let toldCaller, let toldCallee else { return [] }
            return [
                Direction(
                    sent: Flow(source: caller, destination: toldCaller),
                    relayed: Flow(source: toldCallee, destination: callee)),
                Direction(
                    sent: Flow(source: callee, destination: toldCallee),
                    relayed: Flow(source: toldCaller, destination: caller)),
            ]
        }
    }

    /// Streams that are not, packet by packet and byte by byte, what every party plays; and packets of no call.
    func wrongStreams(playing recording: [[UInt8]]) -> [String] {
        var rest = media
        var wrong: [String] = []
        for flow in directions.flatMap({ [$0.sent, $0.relayed] }) {
            let seen = rest.removeValue(forKey: flow)?.map(\.payload) ?? []
            if seen == recording { continue }
            let what = seen.count == recording.count ? "not as played" : "\(seen.count) of \(recording.count)"
            wrong.append("\(flow.source) to \(flow.destination): \(what)")
        }
        return wrong + rest.map { "\($0.key.source) to \($0.key.destination): \($0.value.count) of no call" }
    }

    /// How many packets the relay sent with which TOS octet; `nil` when a witness could not see it.
    var marks: [UInt8?: Int] {
        media.filter { $0.key.source.address == relay }.values.joined().reduce(into: [:]) {
            $0[$1.tos, default: 0] += 1
        }
    }
}
