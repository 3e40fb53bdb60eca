/// What else the client's protocol can do (`supports`).
package enum NGFeature: UInt8, NGOption {
    /// A refusal because of load may say so in `result`.
    case loadLimit

    package static let names = NameTable<NGFeature>(["load limit": .loadLimit])
}

/// What to change in an SDP beyond ports and addresses of the media (`replace`).
package enum NGReplace: UInt8, NGOption {
    case origin, originFull, sdpVersion, forceIncrementSDPVersion, sessionName, username, zeroAddress
    /// Without an effect: the session has no `c=` line of its own. Kamailio sends it with every call.
    case sessionConnection

    package static let names = NameTable<NGReplace>([
        "origin": .origin, "origin-full": .originFull, "sdp-version": .sdpVersion,
        "force-increment-sdp-ver": .forceIncrementSDPVersion, "session-name": .sessionName, "username": .username,
        "zero-address": .zeroAddress, "session-connection": .sessionConnection,
    ])
}

/// What to do about RTP and RTCP on one port (`rtcp-mux`, RFC 5761).
package enum NGRTCPMux: UInt8, NGOption {
    /// Offer it, even if the offerer did not.
    case offer
    /// Offer it without a port to fall back to.
    case require
    /// Do not offer it although the offerer did, and accept it towards the offerer.
    case demux
    /// Accept it towards the offerer even if the answerer refuses.
    case accept
    /// Refuse it towards the offerer.
    case reject

    package static let names = NameTable<NGRTCPMux>([
        "offer": .offer, "require": .require, "demux": .demux, "accept": .accept, "reject": .reject,
    ])
}

/// The transport of a media section (RFC 8866 §5.14), or the leave to let the answerer choose it.
package enum NGTransportProtocol: UInt8, NGOption {
    case rtpAVP, rtpSAVP, rtpAVPF, rtpSAVPF, tlsRTPSAVP, tlsRTPSAVPF, udptl
    /// In an answer: what the answerer says instead of what was offered.
    case accept

    package static let names = NameTable<NGTransportProtocol>([
        "RTP/AVP": .rtpAVP, "RTP/SAVP": .rtpSAVP, "RTP/AVPF": .rtpAVPF, "RTP/SAVPF": .rtpSAVPF,
        "UDP/TLS/RTP/SAVP": .tlsRTPSAVP, "UDP/TLS/RTP/SAVPF": .tlsRTPSAVPF, "UDPTL": .udptl, "accept": .accept,
    ])
}

/// How the address of a peer is learned from its packets (`endpoint-learning`).
package enum NGEndpointLearning: UInt8, NGOption {
    case off, immediate, delayed, heuristic

    package static let names = NameTable<NGEndpointLearning>([
        "off": .off, "immediate": .immediate, "delayed": .delayed, "heuristic": .heuristic,
    ])
}

/// A kind of media section (RFC 8866 §5.14).
package enum NGMediaType: UInt8, NGOption {
    case audio, video, text, application, message, image, other

    package static let names = NameTable<NGMediaType>([
        "audio": .audio, "video": .video, "text": .text, "application": .application, "message": .message,
        "image": .image, "other": .other,
    ])
}

/// Which participants or flows a command is for (`all`).
package enum NGScope: UInt8, NGOption {
    case none, all, offerAnswer, exceptOfferAnswer, flows

    package static let names = NameTable<NGScope>([
        "none": .none, "all": .all, "offer-answer": .offerAnswer, "except-offer-answer": .exceptOfferAnswer,
        "not-offer-answer": .exceptOfferAnswer, "non-offer-answer": .exceptOfferAnswer, "flows": .flows,
    ])
}

/// Whether all media of the call is discarded (`drop-traffic`). Nothing said is nothing changed.
package enum NGDropTraffic: UInt8, NGOption {
    case start, stop

    package static let names = NameTable<NGDropTraffic>(["start": .start, "stop": .stop])
}

/// What kind of SIP message the command comes from (`sip-message-type`).
package enum NGSIPMessageType: UInt8, NGOption {
    case request, reply

    package static let names = NameTable<NGSIPMessageType>([
        "sip-request": .request, "request": .request, "sip-reply": .reply, "reply": .reply, "sip-response": .reply,
    ])
}

/// On or off, in the words that clients use for it.
enum NGSwitch: UInt8, NGOption {
    case off, on

    static let names = NameTable<NGSwitch>([
        "on": .on, "yes": .on, "enable": .on, "enabled": .on, "off": .off, "no": .off, "disable": .off,
        "disabled": .off,
    ])
}

/// The words for an address family.
enum NGAddressFamily: UInt8, NGOption {
    case ipv4, ipv6

    static let names = NameTable<NGAddressFamily>(["IP4": .ipv4, "IP6": .ipv6])
}
