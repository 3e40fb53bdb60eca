internal import NGProtocol

extension NGRequest {
    /// What an offer or answer asks for and is not built, by the names of keys and flags: told to the client, never
    /// dropped in silence. What would make no difference to a relay that only forwards is not in here.
    var unsupported: [String] {
        var missing: [String] = []
        if let ice, ice != .remove, ice != .default { missing.append(NGKey.ice.spelling) }
        if !(codec.transcode + codec.accept + codec.consume + codec.set).isEmpty { missing.append("codec-transcode") }
        if !codec.ignore.isEmpty { missing.append("codec-ignore") }
        if recordCall == true { missing.append(NGFlag.recordCall.spelling) }
        if generateRTCP == true { missing.append(NGFlag.generateRTCP.spelling) }
        if osrtp.contains(.offer) || osrtp.contains(.offerLegacy) { missing.append(NGKey.osrtp.spelling) }
        if !bundle.isEmpty, !bundle.subtracting([.reject]).isEmpty { missing.append(NGKey.bundle.spelling) }
        if !t38.isEmpty, !t38.subtracting([.stop]).isEmpty { missing.append(NGKey.t38.spelling) }
        if let iceLite, iceLite != .off { missing.append(NGKey.iceLite.spelling) }
        if let dtls, dtls != .off { missing.append(NGKey.dtls.spelling) }
        if let dtlsReverse, dtlsReverse != .off { missing.append(NGKey.dtlsReverse.spelling) }
        if !sdes.options.isEmpty && !sdes.options.subtracting([.off]).isEmpty
            || !(sdes.only + sdes.excluded + sdes.order + sdes.offererPreference).isEmpty
        {
            missing.append(NGKey.sdes.spelling)
        }
        if !keys.intersection(Self.allKeysWithoutEffect).isEmpty {
            for key in Self.keysWithoutEffect where keys.contains(key) { missing.append(key.spelling) }
        }
        if !flags.isEmpty {
            for flag in Self.flagsWithoutEffect where flags.contains(flag) { missing.append(flag.spelling) }
        }
        return missing
    }

    private static let keysWithoutEffect: [NGKey] = [
        .ptime, .ptimeReverse, .audioPlayer, .moh, .mediaEcho, .extmap, .inboundPeer, .outboundPeer, .peer,
        .xmlrpcCallback, .dtmfSecurity, .trigger, .delayBuffer, .dtmfDelay, .dtmfLogDestination, .vscStartRecording,
        .vscStopRecording, .vscPauseRecording, .vscStartStopRecording, .vscPauseResumeRecording,
        .vscStartPauseResumeRecording, .aliasKey, .instance, .dtlsFingerprint, .recordingFile, .recordingDirectory,
        .recordingPattern, .recordingMediaSlotOffer, .recordingMediaSlotAnswer, .recordingMediaSlots,
    ]

    /// The same without an order: most requests have none of them.
    private static let allKeysWithoutEffect = keysWithoutEffect.reduce(into: EnumSet<NGKey>()) { $0.insert($1) }

    private static let flagsWithoutEffect: [NGFlag] = [
        .webrtc, .recrypt, .fragment, .siprec, .rtcpMirror, .mix, .injectDTMF, .detectDTMF, .forceTranscoding,
        .alwaysTranscode, .audioPlayer, .stripExtmap, .generateMid, .blockShort, .blockEgress, .recordingVSC,
        .recordingAnnouncement, .reset, .padCrypto, .trickleICE,
    ]
}
