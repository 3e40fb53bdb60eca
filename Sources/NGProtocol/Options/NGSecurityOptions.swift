package import WireFormat

/// What to do about ICE (`ICE`, RFC 8445).
package enum NGICE: UInt8, NGOption {
    case remove, force
    /// Like `force` if the SDP has ICE, else nothing; also when nothing is said.
    case `default`
    case optional, forceRelay

    package static let names = NameTable<NGICE>([
        "remove": .remove, "force": .force, "default": .default, "optional": .optional, "force-relay": .forceRelay,
    ])
}

/// Towards whom we are an ICE-lite agent (`ICE-lite`).
package enum NGICELite: UInt8, NGOption {
    case off, forward, backward, both

    package static let names = NameTable<NGICELite>([
        "off": .off, "none": .off, "no": .off, "forward": .forward, "offer": .forward, "fwd": .forward,
        "fw": .forward, "backward": .backward, "backwards": .backward, "reverse": .backward, "answer": .backward,
        "back": .backward, "bkw": .backward, "bk": .backward, "both": .both,
    ])
}

/// Our role in the DTLS handshake, or that there is none (`DTLS`, RFC 5764).
package enum NGDTLSRole: UInt8, NGOption {
    case off, passive, active

    package static let names = NameTable<NGDTLSRole>([
        "off": .off, "no": .off, "disable": .off, "disabled": .off, "passive": .passive, "active": .active,
    ])
}

/// Encrypting where it was not asked for (`OSRTP`, RFC 8643).
package enum NGOSRTP: UInt8, NGOption {
    case offer, offerLegacy, acceptRFC, acceptLegacy

    package static let names = NameTable<NGOSRTP>([
        "offer": .offer, "offer-rfc": .offer, "offer-legacy": .offerLegacy, "accept-rfc": .acceptRFC,
        "accept-legacy": .acceptLegacy,
    ])
}

/// What to do about several media on one port (`bundle`, RFC 9143).
package enum NGBundle: UInt8, NGOption {
    case accept, offer, require, strict, reject

    package static let names = NameTable<NGBundle>([
        "accept": .accept, "offer": .offer, "require": .require, "strict": .strict, "reject": .reject,
    ])
}

/// Keys in the SDP (`SDES`, RFC 4568).
package struct NGSDES: Equatable, Sendable {
    package enum Option: UInt8, NGOption {
        case off, unencryptedSRTP, unencryptedSRTCP, unauthenticatedSRTP, encryptedSRTP, encryptedSRTCP,
            authenticatedSRTP
        case lifetime, pad, `static`, noNew, prefer

        package static let names = NameTable<Option>([
            "off": .off, "no": .off, "disable": .off, "disabled": .off, "unencrypted_srtp": .unencryptedSRTP,
            "unencrypted_srtcp": .unencryptedSRTCP, "unauthenticated_srtp": .unauthenticatedSRTP,
            "encrypted_srtp": .encryptedSRTP, "encrypted_srtcp": .encryptedSRTCP,
            "authenticated_srtp": .authenticatedSRTP, "lifetime": .lifetime, "pad": .pad, "static": .static,
            "nonew": .noNew, "prefer": .prefer, "priority": .prefer,
        ])
    }

    /// The words that are followed by one or more crypto suites.
    package enum Prefix: UInt8, NGOption {
        case only, no, order, offererPreference

        package static let names = NameTable<Prefix>([
            "only-": .only, "no-": .no, "order:": .order, "offerer_pref:": .offererPreference,
        ])
    }

    package var options: EnumSet<Option> = []
    /// Crypto suites, of which no other may be used.
    package var only: [ByteString] = []
    /// Crypto suites not to be used.
    package var excluded: [ByteString] = []
    /// The order of crypto suites in the SDP.
    package var order: [ByteString] = []
    /// The crypto suites to prefer towards the offerer.
    package var offererPreference: [ByteString] = []
}

/// A gateway between T.38 and T.30 in audio (`T.38`).
package enum NGT38: UInt8, NGOption {
    case decode, force, stop, noECM, noV17, noV27ter, noV29, noV34, noIAF, fec

    package static let names = NameTable<NGT38>([
        "decode": .decode, "force": .force, "stop": .stop, "no-ecm": .noECM, "no-V.17": .noV17, "no-V17": .noV17,
        "no-V.27ter": .noV27ter, "no-V27ter": .noV27ter, "no-V.29": .noV29, "no-V29": .noV29, "no-V.34": .noV34,
        "no-V34": .noV34, "no-IAF": .noIAF, "FEC": .fec,
    ])
}
