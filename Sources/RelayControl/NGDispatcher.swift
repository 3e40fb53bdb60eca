package import Logging
internal import NGProtocol
package import RelayCore
package import WireFormat

/// NG command in, reply out: translates between the protocol and the relay.
package final class NGDispatcher: NGMessageHandler {
    let relay: Relay
    let log: Logger
    private let cookies: CookieCache
    private let unsupported = UnsupportedRequests()
    private let templates: [ByteString: ByteString]
    private let defaults: [ByteString]
    private let statistics: ControlStatistics
    private let traced: TracedCalls
    private let operations: (any ControlOperations)?

    /// - Parameters:
    ///   - defaults: flag strings that count as if every request began with them.
    ///   - statistics: where commands are counted.
    ///   - traced: calls whose commands are logged; the flag `debug` adds one.
    ///   - operations: carries out `statistics` and `cli`; without it they are not supported.
    package init(
        relay: Relay, log: Logger, defaults: [ByteString] = [], templates: [ByteString: ByteString] = [:],
        statistics: ControlStatistics = ControlStatistics(), traced: TracedCalls = TracedCalls(),
        operations: (any ControlOperations)? = nil
    ) {
        (self.relay, self.log, self.defaults, self.templates) = (relay, log, defaults, templates)
        (self.statistics, self.traced, self.operations) = (statistics, traced, operations)
        cookies = CookieCache()
    }

    package func receive(
        _ message: [UInt8], from peer: TransportAddress, limit: Int, reply: @escaping @Sendable ([UInt8]) -> Void
    ) {
        guard let parsed = NGMessage(datagram: message) else {
            log.warning("control message without a cookie from \(peer) ignored", metadata: Self.subsystem)
            return
        }
        let key = CookieCache.Key(message)
        switch cookies.look(up: key, now: SystemClock.monotonic, reply: reply) {
        case .answered(let bytes): reply(bytes)
        case .inWork: return
        case .new:
            carryOut(parsed, from: peer, limit: limit) { [cookies] bytes in
                reply(bytes)  // first: the client waits for nothing else
                cookies.finish(key, with: bytes)
            }
        }
    }

    static let subsystem: Logger.Metadata = ["subsystem": "control"]

    /// Carries out one message; every error becomes a reply in the request's format.
    private func carryOut(
        _ message: NGMessage, from peer: TransportAddress, limit: Int, done: @escaping @Sendable ([UInt8]) -> Void
    ) {
        var format = NGBodyFormat.bencode
        do throws(NGError) {
            let decoded = try NGCodec.decode(message.body)
            format = decoded.format
            let request = try NGRequest(decoded.dictionary, defaults: defaults, templates: templates)
            for warning in request.warnings { note(.warning, "\(warning)", request) }
            if request.flags.contains(.debug), let id = request.callID { traced.set(id, true) }
            let start = SystemClock.monotonic
            logReceived(request.command, request.callID, from: peer)
            // Not the request: it is large, and the closure would keep a copy of it.
            let finish = {
                @Sendable [self, format, command = request.command, callID = request.callID] (reply: NGReply) in
                let elapsed = SystemClock.monotonic &- start
                let datagram = reply.datagram(for: message, as: format, limit: limit)
                let isError = reply.isError || datagram == nil
                statistics.count(command, from: peer.address, nanoseconds: elapsed, isError: isError)
                logReply(to: command, callID, from: peer, nanoseconds: elapsed)
                // Who waits for what never comes takes the relay for dead.
                done(datagram ?? refusal(NGError(.tooLong), to: message, as: format, command, callID))
            }
            if request.command == .cli, let operations {
                let line = decoded.dictionary["body"]?.string.map { "\($0)" } ?? ""
                return operations.console(line) { text in finish(.values(["response": .string(text), "result": "ok"])) }
            }
            guard traced.contains(request.callID) else { return finish(perform(request, from: peer)) }
            trace("received", decoded.dictionary, request)
            let reply = perform(request, from: peer)
            trace(reply, to: message, request)
            finish(reply)
        } catch {
            log.error("control message from \(peer): \(error.errorReason)", metadata: Self.subsystem)
            statistics.countError(from: peer.address)
            done(message.reply(.failure(error), as: format))
        }
    }

    /// Carries out a command.
    ///
    /// - Parameter peer: who has sent it, as far as that is known.
    func perform(_ request: NGRequest, from peer: TransportAddress? = nil) -> NGReply {
        do throws(NGError) {
            return switch request.command {
            case .ping: .values(.pong)
            case .offer: try offer(request, peer)
            case .answer: try answer(request, peer)
            case .delete: try delete(request)
            case .query: try query(request)
            case .list: .values(try list(request))
            case .statistics where operations != nil:
                .values(["statistics": .dictionary(operations?.statistics() ?? [:]), "result": "ok"])
            case .blockMedia: .values(try restrict(.media, true, request))
            case .unblockMedia: .values(try restrict(.media, false, request))
            case .silenceMedia: .values(try restrict(.speech, true, request))
            case .unsilenceMedia: .values(try restrict(.speech, false, request))
            case .blockDTMF: .values(try restrict(.dtmf, true, request))
            case .unblockDTMF: .values(try restrict(.dtmf, false, request))
            default: .values(notBuilt(request))
            }
        } catch {
            note(.error, error.errorReason, request)
            return .values(.failure(error))
        }
    }

    private func refusal(
        _ error: NGError, to message: NGMessage, as format: NGBodyFormat, _ command: NGCommand, _ callID: ByteString?
    ) -> [UInt8] {
        note(.error, error.errorReason, command, callID)
        return message.reply(.failure(error), as: format)
    }

    func note(_ level: Logger.Level, _ text: String, _ request: NGRequest) {
        note(level, text, request.command, request.callID)
    }

    private func note(_ level: Logger.Level, _ text: String, _ command: NGCommand, _ callID: ByteString?) {
        log.log(level: level, "\(command.rawValue): \(text)", metadata: Self.metadata(callID: callID))
    }

    static func metadata(callID: ByteString?) -> Logger.Metadata {
        var metadata = subsystem
        if let callID { metadata["call-id"] = "\(callID)" }
        return metadata
    }

    // MARK: Offer and answer

    private func offer(_ request: NGRequest, _ peer: TransportAddress?) throws(NGError) -> NGReply {
        let (callID, sdp) = try (Self.callID(request), Self.body(request))
        guard let fromTag = request.fromTag else { throw NGError(.noFromTag) }
        let options = request.mediaOptions
        var offer = Offer(
            callID: callID, fromTag: fromTag, toTag: request.toTag, viaBranch: request.viaBranch, sdp: sdp.bytes,
            options: options)
        offer.controller = peer
        return try negotiated(request) { () throws(RelayError) in try relay.outcome(of: offer) }
    }

    private func answer(_ request: NGRequest, _ peer: TransportAddress?) throws(NGError) -> NGReply {
        let (callID, sdp) = try (Self.callID(request), Self.body(request))
        guard let fromTag = request.fromTag else { throw NGError(.noFromTag) }
        guard let toTag = request.toTag else { throw NGError(.noToTag) }
        var answer = Answer(
            callID: callID, fromTag: fromTag, toTag: toTag, viaBranch: request.viaBranch, sdp: sdp.bytes,
            options: request.mediaOptions)
        answer.controller = peer
        return try negotiated(request) { () throws(RelayError) in try relay.outcome(of: answer) }
    }

    private func negotiated(
        _ request: NGRequest, _ body: () throws(RelayError) -> NegotiationOutcome
    ) throws(NGError) -> NGReply {
        if let name = request.fromInterface { checkInterface(name, request) }
        if let name = request.toInterface { checkInterface(name, request) }
        for name in request.direction { checkInterface(name, request) }
        do throws(RelayError) {
            let outcome = try body()
            return .description(outcome.sdp, warning: warning(request, of: request.unsupported + outcome.unmet))
        } catch {
            note(.error, "\(error)", request)
            if let limit = error.loadLimit, request.supports.contains(.loadLimit) {
                return .values(.loadLimit(limit.rawValue))
            }
            throw NGError(error, in: request.command)
        }
    }

    private func checkInterface(_ name: ByteString, _ request: NGRequest) {
        if relay.hasInterface(named: "\(name)") { return }
        note(.warning, "unknown interface '\(name)', the default one is used", request)
    }

    /// Says what was asked for and is not built: in the reply, in the log and in a counter.
    private func warning(_ request: NGRequest, of missing: [String]) -> String? {
        guard !missing.isEmpty else { return nil }
        var names: [String] = []
        for name in missing where !names.contains(name) { names.append(name) }
        unsupported.count(names)
        let text = "not supported: \(names.joined(separator: ", "))"
        note(.warning, text, request)
        return text
    }

    private func notBuilt(_ request: NGRequest) -> NGDictionary {
        unsupported.count([request.command.rawValue])
        return .failure("Command '\(request.command.rawValue)' is not supported by this relay")
    }

    /// How often something was asked for that is not built, by the name of the command, key or flag.
    package var unsupportedRequests: [String: UInt64] { unsupported.counts }

    // MARK: Block and silence

    private func restrict(
        _ restriction: MediaRestriction, _ isOn: Bool, _ request: NGRequest
    ) throws(NGError) -> NGDictionary {
        let callID = try Self.callID(request)
        let sender = try request.sender
        do throws(RelayError) {
            try relay.restrict(
                restriction, isOn, callID: callID, sender: sender, receiver: request.receiver)
        } catch {
            throw NGError(error, in: request.command)
        }
        return .ok
    }

    // MARK: Delete, query, list

    private func delete(_ request: NGRequest) throws(NGError) -> NGReply {
        let callID = try Self.callID(request)
        // Kamailio sends the key alone, and only to who has asked for it; beside `rtpp-flags`, which it leaves to us to read,
        // it sends the key in any case, and the flag says whether it counts.
        let usesToTag = request.flags.contains(.toTag) || !request.keys.contains(.rtppFlags)
        let report = relay.delete(
            callID: callID, tag: request.fromTag, toTag: usesToTag ? request.toTag : nil,
            viaBranch: request.viaBranch, delay: request.deleteDelay.map { .seconds($0) })
        guard let report else {
            if request.flags.contains(.fatal) { throw NGError(.nothingToDelete) }
            var reply = NGDictionary()
            reply.finish(warning: NGError.Reason.nothingToDelete.rawValue)
            return .values(reply)
        }
        return request.flags.contains(.fast) ? .values(.ok) : .report(report, onlyTag: nil)
    }

    private func query(_ request: NGRequest) throws(NGError) -> NGReply {
        guard let report = relay.query(callID: try Self.callID(request)) else { throw NGError(.unknownCall) }
        return .report(report, onlyTag: request.toTag ?? request.fromTag)
    }

    private func list(_ request: NGRequest) throws(NGError) -> NGDictionary {
        // rtpengine lists 32 calls unless asked for more.
        let limit = request.limit ?? 32
        guard limit >= 0 else { throw NGError(.invalidLimit) }
        var reply = NGDictionary()
        reply.append("calls", .list(relay.callIDs(limit: limit).map { .string($0) }))
        reply.finish()
        return reply
    }

    private static func callID(_ request: NGRequest) throws(NGError) -> ByteString {
        guard let id = request.callID else { throw NGError(.noCallID) }
        return id
    }

    private static func body(_ request: NGRequest) throws(NGError) -> ByteString {
        guard let sdp = request.sdp else { throw NGError(.noSDP) }
        return sdp
    }
}
