/// Every word that may stand in `flags`, apart from those whose prefix names a key (`replace-origin`, `SDES-off`).
package enum NGFlag: UInt8, NGOption {
    // Addresses, ports and learning
    case trustAddress, sipSourceAddress, symmetric, asymmetric, strictSource, mediaHandover, portLatching,
        noPortLatching
    case unidirectional, pierceNAT, natWait
    // The SDP
    case loopProtect, originalSendrecv, noRTCPAttribute, fullRTCPAttribute, generateMid, stripExtmap
    // The command and its call
    case toTag, fatal, fast, debug, noRedisUpdate, all, provisional, earlyMedia, newBranch, directional, bidirectional
    case inactive, reset, unsubscribe, egress, mix, pause
    // ICE and SRTP
    case trickleICE, rejectICE, fragment, padCrypto, noTLSID, webrtc, recrypt
    // Recording
    case recordCall, discardRecording, excludeRecording, skipRecordingDatabase, recordingVSC, recordingAnnouncement,
        siprec
    // RTP and RTCP
    case rtcpMirror, generateRTCP, noJitterBuffer, blockShort, blockEgress
    // Codecs
    case singleCodec, allowTranscoding, forceTranscoding, alwaysTranscode, staticCodecs, reuseCodecs
    case allowAsymmetricCodecs, allowNoCodecMedia, passthrough, noPassthrough, audioPlayer, noPlayer
    case detectDTMF, injectDTMF, blockDTMF
    // Accepted without an effect
    case symmetricCodecs, asymmetricCodecs, reorderCodecs
}

extension NGFlag {
    package static let names = NameTable<NGFlag>([
        "trust-address": .trustAddress, "SIP-source-address": .sipSourceAddress, "symmetric": .symmetric,
        "asymmetric": .asymmetric, "strict-source": .strictSource, "media-handover": .mediaHandover,
        "port-latching": .portLatching, "no-port-latching": .noPortLatching, "unidirectional": .unidirectional,
        "pierce-NAT": .pierceNAT, "NAT-wait": .natWait,
        "loop-protect": .loopProtect, "original-sendrecv": .originalSendrecv,
        "no-rtcp-attribute": .noRTCPAttribute, "full-rtcp-attribute": .fullRTCPAttribute,
        "generate-mid": .generateMid, "strip-extmap": .stripExtmap,
        "to-tag": .toTag, "fatal": .fatal, "fast": .fast, "debug": .debug, "debugging": .debug,
        "no-redis-update": .noRedisUpdate, "all": .all, "provisional": .provisional, "early-media": .earlyMedia,
        "new-branch": .newBranch, "directional": .directional, "bidirectional": .bidirectional,
        "inactive": .inactive, "reset": .reset, "unsubscribe": .unsubscribe, "egress": .egress, "mix": .mix,
        "mixed": .mix, "pause": .pause,
        "trickle-ICE": .trickleICE, "reject-ICE": .rejectICE, "ICE-reject": .rejectICE, "fragment": .fragment,
        "pad-crypto": .padCrypto, "no-tls-id": .noTLSID, "webrtc": .webrtc, "recrypt": .recrypt,
        "record-call": .recordCall, "discard-recording": .discardRecording,
        "exclude-recording": .excludeRecording, "skip-recording-db": .skipRecordingDatabase,
        "skip-recording-database": .skipRecordingDatabase, "recording-vsc": .recordingVSC,
        "recording-announcement": .recordingAnnouncement, "siprec": .siprec,
        "RTCP-mirror": .rtcpMirror, "mirror-RTCP": .rtcpMirror, "generate-RTCP": .generateRTCP,
        "no-jitter-buffer": .noJitterBuffer, "block-short": .blockShort, "block-shorts": .blockShort,
        "block-short-packets": .blockShort, "block-egress": .blockEgress,
        "single-codec": .singleCodec, "allow-transcoding": .allowTranscoding,
        "force-transcoding": .forceTranscoding, "always-transcode": .alwaysTranscode,
        "static-codecs": .staticCodecs, "static-codec": .staticCodecs, "reuse-codecs": .reuseCodecs,
        "no-codec-renegotiation": .reuseCodecs, "allow-asymmetric-codecs": .allowAsymmetricCodecs,
        "allow-asymmetric-codec": .allowAsymmetricCodecs, "allow-no-codec-media": .allowNoCodecMedia,
        "allow-no-codec-medias": .allowNoCodecMedia, "allow-empty-codec-media": .allowNoCodecMedia,
        "allow-empty-codec-medias": .allowNoCodecMedia, "passthrough": .passthrough,
        "no-passthrough": .noPassthrough, "audio-player": .audioPlayer, "player": .audioPlayer,
        "no-player": .noPlayer, "no-audio-player": .noPlayer,
        "detect-DTMF": .detectDTMF, "inject-DTMF": .injectDTMF, "block-DTMF": .blockDTMF,
        "symmetric-codecs": .symmetricCodecs, "asymmetric-codecs": .asymmetricCodecs,
        "reorder-codecs": .reorderCodecs,
    ])
}
