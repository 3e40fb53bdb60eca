internal import SDP
internal import WireFormat

extension Negotiation {
    /// How long a replaced port goes on receiving after the answer: what is under way still arrives.
    static let supersededGrace: UInt64 = 5_000_000_000
    /// How long the number of a port outlives an answer that refused its m-line: as long as another answer to the same
    /// INVITE may still come (RFC 3261 §17.1.1.2, timer B).
    private static let reservation: UInt64 = 32_000_000_000

    /// Applies one m-line of an offer.
    mutating func apply(
        _ description: MediaDescription, at index: Int, of options: MediaOptions, from sender: Int, to receiver: Int
    ) throws(RelayError) {
        for (side, other) in [(sender, receiver), (receiver, sender)] {
            // More than one is missing when the sender has not been told of some, and this receiver is new.
            while state.participants[side].media.count <= index {
                let (others, missing) = (state.participants[other].media, state.participants[side].media.count)
                let known = missing < min(index, others.count) ? others[missing] : nil
                state.participants[side].media.append(
                    MediaStream(
                        kind: known?.kind ?? description.type, transport: known?.transport ?? description.transport))
            }
        }
        let old = state.participants[sender].media[index]
        if description.isRejected, old.signalled != nil, old.port != nil || old.unopened != nil {
            // What is being talked on goes on until the answer, or for good when the offer is refused (RFC 3264 §8).
            state.participants[sender].media[index].isRejected = true
            state.participants[receiver].media[index].isRejected = true
            return
        }
        let family = state.participants[receiver].media[index].port?.interface.family
        describe(description, at: index, of: options, side: sender, takesEffect: old.signalled == nil)
        adoptTransport(description, options, index, sender, receiver)
        if options.removedMedia.contains(description.type), state.participants[receiver].media[index].signalled == nil {
            state.participants[receiver].media[index].isHidden = true
        }
        guard !description.isRejected, description.kind != .message,
            !state.participants[receiver].media[index].isHidden
        else { return release(index, [sender, receiver]) }

        let new = state.participants[sender].media[index]
        try ensurePort(sender, index, family: new.signalled?.address.family ?? .ipv4, mustChange: false)
        let hasMoved = old.signalled != nil && !isSameEndpoint(old.signalled, new.signalled)
        let mustChange =
            switch options.portLatching {
            case .always: false
            case .never: hasMoved
            case .automatic: hasMoved && Self.claims(description.direction).receives
            }
        let wanted = options.addressFamily ?? family ?? new.signalled?.address.family ?? .ipv4
        try ensurePort(receiver, index, family: wanted, mustChange: mustChange)

        state.participants[sender].media[index].muxPromise = options.rtcpMux
        let passes = description.rtcpMux && options.rtcpMux.isDisjoint(with: [.demux, .reject])
        state.participants[receiver].media[index].weOfferedMux =
            passes || !options.rtcpMux.isDisjoint(with: [.offer, .require])
    }

    /// Applies one m-line of an answer.
    mutating func accept(
        _ section: Int, of document: SDPDocument, at index: Int, of options: MediaOptions, from answerer: Int,
        to offerer: Int
    ) throws(RelayError) {
        let description = document.media[section]
        describe(description, at: index, of: options, side: answerer, takesEffect: true)
        guard !description.isRejected, description.kind != .message,
            !state.participants[offerer].media[index].isRejected
        else {
            // The offerer's port serves every branch: one that rejects must not take it from the others.
            let isForked = state.participants[offerer].associates.count > 1
            let isOffered = !state.participants[offerer].media[index].isRejected
            return release(
                index, isForked && isOffered ? [answerer] : [answerer, offerer],
                reservingUntil: isOffered ? context.monotonic + Self.reservation : nil)
        }
        for side in [answerer, offerer] where state.participants[side].media[index].port == nil {
            let family = state.participants[side].media[index].reserved?.interface.family
            try ensurePort(side, index, family: family ?? description.connection.family, mustChange: false)
        }
        state.participants[answerer].media[index].transport = description.transport
        agreeOnCodec(section, of: document, offerer, index)
        if let ptime = description.ptime { state.participants[offerer].media[index].ptime = ptime }
        mirror(description.direction, onto: offerer, index)

        let promise = options.rtcpMux.union(state.participants[offerer].media[index].muxPromise)
        let accepted = state.participants[answerer].media[index].weOfferedMux && description.rtcpMux
        state.participants[answerer].media[index].isMuxed = accepted
        state.participants[offerer].media[index].isMuxed =
            state.participants[offerer].media[index].offersMux && !promise.contains(.reject)
            && (accepted || !promise.isDisjoint(with: [.demux, .accept]))
        state.participants[offerer].media[index].isPublic = true
        for side in [answerer, offerer] { try settleRTCP(side, index) }
        for side in [answerer, offerer] {
            state.participants[side].media[index].retireSuperseded(until: context.monotonic + Self.supersededGrace)
        }
    }

    /// What the offerer sends now: of what it has offered, the answer prefers the first (RFC 3264 §6.1).
    private mutating func agreeOnCodec(_ section: Int, of document: SDPDocument, _ offerer: Int, _ index: Int) {
        let (answer, offered) = (document.media[section], state.participants[offerer].media[index].payloadTypes)
        let agreed = answer.payloadTypes.first { offered.contains($0) }
        guard agreed != nil || !answer.transport.isRTP else { return }
        state.participants[offerer].media[index].payloadType = agreed
        state.participants[offerer].media[index].codec = agreed.flatMap { document.encoding(of: $0, in: section) }
    }

    /// Takes over what a side says about its own media.
    ///
    /// - Parameter takesEffect: false for a re-offer, whose direction and codecs count once it is answered: a refused hold
    ///   must not silence anybody.
    private mutating func describe(
        _ description: MediaDescription, at index: Int, of options: MediaOptions, side: Int, takesEffect: Bool
    ) {
        var stream = state.participants[side].media[index]
        stream.kind = description.type
        stream.isUntouched = description.kind == .message
        stream.isRejected = description.isRejected
        if description.hasICE, !options.removesICE { miss("ICE") }
        let address = description.hasICE ? description.connection : options.sourceAddress ?? description.connection
        let signalled = TransportAddress(address, port: description.port)
        // Where the SIP message came from counts for both: an address in `a=rtcp` is as wrong as the one in `c=`.
        let isElsewhere = options.sourceAddress != nil && !description.hasICE
        let rtcp = description.rtcp.map {
            TransportAddress(isElsewhere ? address : $0.address ?? address, port: $0.port)
        }
        let isKnown = stream.signalled != nil && stream.signalled == signalled
        stream.signalled = signalled
        // RTCP is on the next port unless told otherwise (RFC 3550 §11, RFC 3605).
        stream.signalledRTCP = rtcp ?? TransportAddress(address, port: description.port &+ 1)
        if !isKnown {
            stream.observed = ObservedEndpoint(target: stream.signalledTarget)
            stream.observedRTCP = ObservedEndpoint(target: stream.signalledRTCPTarget)
        }
        if takesEffect { (stream.sends, stream.receives) = Self.claims(description.direction) }
        stream.offersMux = description.rtcpMux
        if let mid = description.mid { stream.mid = mid }
        if let ptime = description.ptime { stream.ptime = ptime }
        stream.maxptime = description.maxptime
        stream.payloadTypes = description.payloadTypes
        stream.telephoneEvents = description.telephoneEvents
        if takesEffect { (stream.codec, stream.payloadType) = (description.firstCodec, description.payloadTypes.first) }
        (stream.piercesNAT, stream.waitsForNAT) = (options.piercesNAT, options.waitsForNAT)
        stream.isUnidirectional = options.isUnidirectional
        stream.policy.learning = options.endpointLearning ?? context.defaultLearning
        stream.policy.isAsymmetric = options.isAsymmetric
        stream.policy.allowsHandover = options.allowsMediaHandover
        stream.policy.isStrict = options.isStrictSource
        state.participants[side].media[index] = stream
    }

    private mutating func adoptTransport(
        _ description: MediaDescription, _ options: MediaOptions, _ index: Int, _ sender: Int, _ receiver: Int
    ) {
        state.participants[sender].media[index].transport = description.transport
        state.participants[receiver].media[index].kind = description.type
        state.participants[receiver].media[index].isUntouched = description.kind == .message
        state.participants[receiver].media[index].isRejected = description.isRejected
        if let mid = description.mid { state.participants[receiver].media[index].mid = mid }
        if let ptime = description.ptime { state.participants[receiver].media[index].ptime = ptime }
        state.participants[receiver].media[index].transport = outputTransport(description, options)
        // Until it says so itself, the other side is taken to do what it is offered. A side that has spoken keeps its
        // word until it answers: a refused re-offer must not silence it.
        if state.participants[receiver].media[index].signalled == nil {
            mirror(description.direction, onto: receiver, index)
        }
    }

    /// The transport that is asked for, unless it would take encrypting or decrypting.
    private mutating func outputTransport(_ description: MediaDescription, _ options: MediaOptions) -> TransportProtocol
    {
        guard let text = options.transportProtocol, description.transport.isRTP else { return description.transport }
        let wanted = TransportProtocol(text)
        guard wanted.isRTP, wanted.security == description.transport.security else {
            miss("transport-protocol")
            return description.transport
        }
        return wanted
    }

    /// What a direction says of the side that wrote it.
    private static func claims(_ direction: MediaDirection) -> (sends: Bool, receives: Bool) {
        switch direction {
        case .sendrecv: (true, true)
        case .sendonly: (true, false)
        case .recvonly: (false, true)
        case .inactive: (false, false)
        }
    }

    private mutating func mirror(_ direction: MediaDirection, onto side: Int, _ index: Int) {
        let (sends, receives) = Self.claims(direction)
        state.participants[side].media[index].sends = receives
        state.participants[side].media[index].receives = sends
    }

    /// Hold with the unspecified address and the same port is no move.
    private func isSameEndpoint(_ old: TransportAddress?, _ new: TransportAddress?) -> Bool {
        guard let old, let new else { return old == new }
        return old == new || old.port == new.port && (old.address.isUnspecified || new.address.isUnspecified)
    }

    /// Opens a port towards a side, or keeps the one it has when interface and family still fit.
    private mutating func ensurePort(
        _ side: Int, _ index: Int, family: AddressFamily, mustChange: Bool
    ) throws(RelayError) {
        let interface = interface(for: side, family: family)
        let current = state.participants[side].media[index].port
        let isRTP = state.participants[side].media[index].transport.isRTP
        if let current, !mustChange, current.interface === interface, current.isRTP == isRTP { return }
        if current == nil, takeBack(side, index, on: interface) { return }
        let reopened = reopen(side, index, on: interface)
        let port = if let reopened { reopened } else { try open(on: interface, hasRTCP: isRTP) }
        if current == nil, reopened == nil {  // nothing has come to this one
            state.participants[side].media[index].terms.observed.isLocked = false
            state.participants[side].media[index].terms.observedRTCP.isLocked = false
        }
        install(port, state.participants[side].media[index].terms, isInUse: current == nil && reopened != nil)
        state.participants[side].media[index].reserved = nil
        if let current { supersede(current, side, index) }
        state.participants[side].media[index].port = port
        state.participants[side].media[index].unopened = nil
    }

    /// Keeps the port that is in use until the one in its place has been answered, and no other: moves that are refused,
    /// or that follow each other, must not use up the ports.
    private mutating func supersede(_ current: LocalPort, _ side: Int, _ index: Int) {
        var stream = state.participants[side].media[index]
        if stream.closeSupersededAt != nil {  // the current one has been answered, and the older ones are done with
            close(stream.superseded)
            (stream.superseded, stream.closeSupersededAt) = ([current], nil)
        } else if stream.superseded.isEmpty {
            stream.superseded = [current]
        } else {
            close([current])  // offered, and never answered
        }
        state.participants[side].media[index] = stream
    }

    /// The interface that a side's ports are on already, as long as it fits what is asked for; else the one to choose.
    /// So a call stays on the address of the relay that it came from.
    private func interface(for side: Int, family: AddressFamily) -> LocalInterface {
        let name = state.participants[side].interface
        let present = state.participants[side].media.lazy.compactMap { $0.port?.interface }.first {
            $0.family == family && (name == nil || $0.configuration.name == name)
        }
        return present ?? context.interfaces.select(name: name, family: family)
    }

    /// Goes on with the port that an earlier answer has closed, as long as it has not come to that.
    private mutating func takeBack(_ side: Int, _ index: Int, on interface: LocalInterface) -> Bool {
        var stream = state.participants[side].media[index]
        let isRTP = stream.transport.isRTP
        let open = stream.superseded.firstIndex { port in
            port.pair === stream.reserved?.pair && port.interface === interface && port.isRTP == isRTP
        }
        guard let open else { return false }
        stream.port = stream.superseded.remove(at: open)
        (stream.unopened, stream.reserved) = (nil, nil)
        state.participants[side].media[index] = stream
        return true
    }

    /// The port that an earlier answer had closed, under its old number; `nil` when there is none, or it is taken: by the
    /// port itself, as long as it is open for media of another kind.
    private mutating func reopen(_ side: Int, _ index: Int, on interface: LocalInterface) -> LocalPort? {
        let stream = state.participants[side].media[index]
        guard let reserved = stream.reserved, reserved.interface === interface,
            !stream.superseded.contains(where: { $0.pair === reserved.pair })
        else { return nil }
        let isRTP = stream.transport.isRTP
        do throws(SystemError) {
            return try open(reserved.pair, on: interface, isRTP: isRTP, hasRTCP: isRTP)
        } catch {
            return nil
        }
    }

    /// RTCP that comes to the RTP port needs no port of its own, and one that no longer does needs one again.
    private mutating func settleRTCP(_ side: Int, _ index: Int) throws(RelayError) {
        var stream = state.participants[side].media[index]
        guard var port = stream.port, port.isRTP else { return }
        stream.closeRTCPAt = stream.hasSpareRTCP ? context.monotonic + Self.supersededGrace : nil
        if !stream.isMuxed, port.rtcp == nil {
            do throws(SystemError) {
                let rtcp = try openStream(.rtcp, of: port.pair)
                install(rtcp, .rtcp, stream.terms, isInUse: false)
                port.rtcp = rtcp
            } catch {
                throw .noPortAvailable(cause: "\(error)")
            }
        }
        (stream.port, stream.unopened) = (port, nil)
        state.participants[side].media[index] = stream
    }

    private mutating func install(_ port: LocalPort, _ terms: MediaTerms, isInUse: Bool) {
        install(port.rtp, port.isRTP ? .rtp : .opaque, terms, isInUse: isInUse)
        if let rtcp = port.rtcp { install(rtcp, .rtcp, terms, isInUse: isInUse) }
    }

    private mutating func install(
        _ handle: StreamHandle, _ component: StreamComponent, _ terms: MediaTerms, isInUse: Bool
    ) {
        let latch = LatchTerms(terms, component, isInUse: isInUse).latch(at: context.monotonic)
        changes.append(.install(handle, ForwardingEntry(component: component), latch))
    }

    /// A rejected or untouched m-line needs no ports.
    private mutating func release(_ index: Int, _ sides: [Int], reservingUntil until: UInt64? = nil) {
        for side in sides {
            var stream = state.participants[side].media[index]
            if let until {
                if let port = stream.port {
                    stream.reserved = ReservedPort(interface: port.interface, pair: port.pair, until: until)
                }
                stream.superseded = stream.ports
                stream.closeSupersededAt = context.monotonic + Self.supersededGrace
            } else {
                close(stream.ports)
                (stream.superseded, stream.closeSupersededAt, stream.reserved) = ([], nil, nil)
            }
            (stream.port, stream.unopened, stream.closeRTCPAt) = (nil, nil, nil)
            state.participants[side].media[index] = stream
        }
    }
}
