internal import SDP
internal import WireFormat

/// What a negotiation needs from the relay that it happens in.
struct NegotiationContext: Sendable {
    let interfaces: InterfaceTable
    let plane: any ForwardingPlane
    let defaultLearning: EndpointLearning
    /// `a=rtpengine` value of this relay (`loop-protect`).
    let loopMarker: ByteString
    /// Microseconds since the epoch, and monotonic nanoseconds.
    let wall: UInt64
    let monotonic: UInt64
}

/// One offer or answer being applied to a copy of a call's state.
///
/// Nothing that others see changes before `commit`: an error leaves the call as it was, with all its ports.
struct Negotiation {
    let call: Call
    let context: NegotiationContext
    var state: CallState
    /// Steps for the forwarding plane, posted by `commit`.
    var changes: [StreamChange] = []
    /// Opened by this negotiation; closed again when it fails.
    var opened: [StreamHandle] = []
    /// What the SDP would have needed and is not built, by the name of its option.
    private(set) var unmet: Set<String> = []

    init(call: Call, state: CallState, context: NegotiationContext) {
        (self.call, self.state, self.context) = (call, state, context)
    }

    // MARK: Offer

    /// Applies an offer and returns the SDP for its receiver.
    mutating func offer(_ offer: Offer, _ document: SDPDocument) throws(RelayError) -> [UInt8] {
        signalled(by: offer.controller)
        if let tos = offer.options.tos { state.tos = tos }
        let sender = try senderIndex(of: offer)
        let receiver = try receiverIndex(of: offer, from: sender)
        associate(sender, receiver)
        keep(offer.options, of: sender)
        let family = document.media.first?.connection.family ?? .ipv4
        choose(offer.options.fromInterface, for: sender, family)
        choose(offer.options.toInterface, for: receiver, offer.options.addressFamily ?? family)
        let streams = streamIndices(of: document, from: sender)
        for (description, index) in zip(document.media, streams) {
            try apply(description, at: index, of: offer.options, from: sender, to: receiver)
            state.participants[receiver].media[index].isPublic = true
        }
        signal(sender)
        noteSpoken(sender)
        rewire()
        return compose(document, from: sender, to: receiver, offer.options, isAnswer: false)
    }

    /// What an offer or answer says of the call and of its sender, its media apart.
    private mutating func keep(_ options: MediaOptions, of sender: Int) {
        if let label = options.label { state.participants[sender].label = label }
        if let metadata = options.metadata {
            (state.metadata, state.participants[sender].metadata) = (metadata, metadata)
        }
        if let drops = options.dropsTraffic { state.dropsTraffic = drops }
        if options.blocksDTMF { state.participants[sender].restriction.insert(.dtmf) }
    }

    private mutating func noteSpoken(_ side: Int) {
        if state.participants[side].spoke == nil { state.participants[side].spoke = context.wall }
    }

    /// Puts a side on the interface that the offer asks for, or leaves it where it is.
    private mutating func choose(_ name: String?, for side: Int, _ family: AddressFamily) {
        let current = state.participants[side].interface
        guard name != nil || current == nil && state.participants[side].media.isEmpty else { return }
        if let chosen = context.interfaces.resolve(name, keeping: current, family: family) {
            state.participants[side].interface = chosen
        }
    }

    /// Finds the side that sends the offer, or adds it.
    private mutating func senderIndex(of offer: Offer) throws(RelayError) -> Int {
        if let known = state.index(tag: offer.fromTag) { return known }
        return try add(tag: offer.fromTag, viaBranch: nil)
    }

    /// Finds the side that the offer is for, or adds it: by its tag, else by the branch, else the one that has not
    /// answered yet.
    private mutating func receiverIndex(of offer: Offer, from sender: Int) throws(RelayError) -> Int {
        if let tag = offer.toTag, let known = state.index(tag: tag), known != sender { return known }
        let associates = state.participants[sender].associates.compactMap { state.index(of: $0) }
        let silent = associates.filter { state.participants[$0].tag == nil }
        if let waiting = silent.first(where: { state.participants[$0].viaBranch == offer.viaBranch }) { return waiting }
        if offer.viaBranch == nil, offer.toTag == nil, let peer = state.participants[sender].peer,
            let index = state.index(of: peer)
        {
            return index
        }
        if let branch = offer.viaBranch, offer.toTag == nil,
            let known = associates.first(where: { state.participants[$0].viaBranch == branch })
        {
            return known
        }
        return try add(tag: offer.toTag, viaBranch: offer.viaBranch)
    }

    // MARK: Answer

    /// Applies an answer and returns the SDP for the side that made the offer.
    mutating func answer(_ answer: Answer, _ document: SDPDocument) throws(RelayError) -> [UInt8] {
        guard let offerer = state.index(tag: answer.fromTag) else { throw .unknownTag }
        guard let answerer = answererIndex(of: answer, offerer: offerer) else { throw .unknownTag }
        signalled(by: answer.controller)
        associate(offerer, answerer)
        keep(answer.options, of: answerer)
        let shared = min(state.participants[offerer].media.count, state.participants[answerer].media.count)
        let streams = streamIndices(of: document, from: answerer)
        for (section, index) in streams.enumerated() where index < shared {
            try accept(section, of: document, at: index, of: answer.options, from: answerer, to: offerer)
        }
        choose(answerer, for: offerer)
        signal(answerer)
        signal(offerer)
        noteSpoken(answerer)
        rewire()
        return compose(document, from: answerer, to: offerer, answer.options, isAnswer: true)
    }

    private mutating func answererIndex(of answer: Answer, offerer: Int) -> Int? {
        if let known = state.index(tag: answer.toTag), known != offerer { return known }
        let associates = state.participants[offerer].associates.compactMap { state.index(of: $0) }
        let silent = associates.filter { state.participants[$0].tag == nil }
        // Another phone behind a branch that has answered already, rather than one behind a branch that has not.
        let branch = answer.viaBranch.flatMap { branch in
            (silent + associates).first { state.participants[$0].viaBranch == branch }
        }
        guard let index = branch ?? silent.last ?? sharedAnswerer(of: offerer) else { return nil }
        state.participants[index].tag = answer.toTag
        return index
    }

    /// A proxy that forks after the offer has sent one SDP to several callees. They share its port, and whoever has
    /// answered last is heard there.
    private func sharedAnswerer(of offerer: Int) -> Int? {
        let peer = state.participants[offerer].peer.flatMap { state.index(of: $0) }
        return peer.flatMap { state.participants[$0].viaBranch == nil ? $0 : nil }
    }

    /// From now on these two hear each other; what other branches still send goes nowhere.
    private mutating func choose(_ answerer: Int, for offerer: Int) {
        let (chosen, other) = (state.participants[answerer].id, state.participants[offerer].id)
        for index in state.participants.indices where state.participants[index].peer == other {
            state.participants[index].peer = nil
        }
        state.participants[offerer].peer = chosen
        state.participants[answerer].peer = other
    }

    // MARK: Sides of the call

    private mutating func add(tag: ByteString?, viaBranch: ByteString?) throws(RelayError) -> Int {
        guard state.participants.count < CallLimits.sides else { throw .tooManySides }
        var participant = Participant(id: state.nextParticipant, created: context.wall)
        (participant.tag, participant.viaBranch) = (tag, viaBranch)
        state.nextParticipant += 1
        state.participants.append(participant)
        return state.participants.count - 1
    }

    private mutating func associate(_ one: Int, _ other: Int) {
        let (first, second) = (state.participants[one].id, state.participants[other].id)
        if !state.participants[one].associates.contains(second) { state.participants[one].associates.append(second) }
        if !state.participants[other].associates.contains(first) { state.participants[other].associates.append(first) }
        if state.participants[one].peer == nil { state.participants[one].peer = second }
        if state.participants[other].peer == nil { state.participants[other].peer = first }
        state.participants[one].removeAt = nil
        state.participants[other].removeAt = nil
    }

    /// The call is alive again, whatever a delayed `delete` had planned.
    private mutating func signalled(by controller: TransportAddress?) {
        if let controller { state.controller = controller }
        state.lastSignal = (context.wall, context.monotonic)
        state.deleteAt = nil
    }

    /// Which m-line of the call each section of an SDP is about: a side that has not been told of some counts without.
    func streamIndices(of document: SDPDocument, from side: Int) -> [Int] {
        let streams = state.participants[side].media
        guard streams.contains(where: \.isHidden) else { return Array(document.media.indices) }
        let visible = streams.indices.filter { !streams[$0].isHidden }
        return document.media.indices.map { section in
            section < visible.count ? visible[section] : streams.count + section - visible.count
        }
    }

    /// Notes that the SDP would have needed something that is not built.
    mutating func miss(_ option: String) { unmet.insert(option) }

    // MARK: Ports

    /// Opens an RTP port, and its RTCP port when the media has one.
    mutating func open(on interface: LocalInterface, hasRTCP: Bool) throws(RelayError) -> LocalPort {
        // Each try draws another pair at random: one that some other program holds costs one system call.
        let attempts = 32
        var cause = ""
        for _ in 0..<attempts {
            guard let pair = interface.ports.draw(for: call.worker) else {
                throw .noPortAvailable(
                    cause: "all \(interface.ports.usage.total) ports of \(interface.configuration.local) are in use")
            }
            do throws(SystemError) {
                return try open(pair, on: interface, isRTP: hasRTCP, hasRTCP: hasRTCP)
            } catch {
                cause = "\(error)"
                guard error.isAddressInUse else { throw .noPortAvailable(cause: cause) }
            }
        }
        throw .noPortAvailable(cause: "\(attempts) pairs in a row are held by other programs (\(cause))")
    }

    /// Opens one particular pair.
    mutating func open(
        _ pair: PortPair, on interface: LocalInterface, isRTP: Bool, hasRTCP: Bool
    ) throws(SystemError) -> LocalPort {
        let rtp = try openStream(isRTP ? .rtp : .opaque, of: pair)
        guard hasRTCP else {
            return LocalPort(interface: interface, pair: pair, rtp: rtp, rtcp: nil, isRTP: isRTP)
        }
        do throws(SystemError) {
            let rtcp = try openStream(.rtcp, of: pair)
            return LocalPort(interface: interface, pair: pair, rtp: rtp, rtcp: rtcp, isRTP: true)
        } catch {
            opened.removeLast()
            context.plane.discard(rtp)
            throw error
        }
    }

    mutating func openStream(
        _ component: StreamComponent, of pair: PortPair
    ) throws(SystemError) -> StreamHandle {
        let handle = try context.plane.open(component, of: pair, tos: state.tos, worker: call.worker, owner: call)
        opened.append(handle)
        return handle
    }

    mutating func close(_ ports: [LocalPort]) { close(ports.flatMap(\.handles)) }

    mutating func close(_ handles: [StreamHandle]) { changes += handles.map { .remove($0) } }

    // MARK: Ends

    /// Makes the new state the call's, and tells the forwarding plane.
    consuming func commit(to state: inout CallState) {
        if state.tos != self.state.tos {
            let marks = state.handles.map { StreamChange.mark($0, tos: self.state.tos) }
            changes.insert(contentsOf: marks, at: 0)  // before any of these ports is closed
        }
        for case .remove(let handle) in changes {
            let counters = context.plane.counters(of: handle.slot)
            context.interfaces.noteClosing(handle, counters)
            keep(counters, of: handle, since: state)
        }
        state = self.state
        context.plane.apply(changes, worker: call.worker)
    }

    /// What a closed port has counted stays with its m-line.
    private mutating func keep(_ counters: StreamCounters, of handle: StreamHandle, since before: CallState) {
        for old in before.participants {
            for (index, media) in old.media.enumerated() {
                for port in media.ports where port.handles.contains(handle) {
                    guard let side = state.index(of: old.id), index < state.participants[side].media.count else {
                        return
                    }
                    let component: StreamComponent = port.rtcp == handle ? .rtcp : port.isRTP ? .rtp : .opaque
                    state.participants[side].media[index].keep(counters, of: component)
                    return
                }
            }
        }
    }

    /// Closes what was opened; the call stays as it was.
    consuming func abandon() {
        for handle in opened { context.plane.discard(handle) }
    }
}
