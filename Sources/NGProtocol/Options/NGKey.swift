/// Every key that a request may have.
package enum NGKey: UInt8, NGOption {
    // Which command, which call, which side
    case command, callID, fromTag, toTag, viaBranch, fromTags, label, setLabel, toLabel, address, all, aliasKey
    // The body and how it is rewritten
    case sdp, flags, rtppFlags, template, supports, replace, codec, sdpAttr, sdpMediaRemove, extmap, ptime, ptimeReverse
    // Addresses and transport
    case direction, interface, fromInterface, toInterface, inboundPeer, outboundPeer, peer, receivedFrom, addressFamily
    case mediaAddress, transportProtocol, tos, rtcpMux, endpointLearning, dropTraffic, generateRTCP, passthrough,
        mediaEcho
    // ICE and SRTP
    case ice, iceLite, sdes, osrtp, dtls, dtlsReverse, dtlsFingerprint, bundle
    // The call as a whole
    case deleteDelay, limit, metadata, sipCode, sipMessageType, xmlrpcCallback, instance, body, repacketize
    // Recording
    case recordCall, recordingFile, recordingDirectory, recordingPattern
    case recordingMediaSlotOffer, recordingMediaSlotAnswer, recordingMediaSlots
    // Playing media and tones
    case audioPlayer, moh, file, blob, blob64, databaseID, repeatTimes, repeatDuration, startPosition, digit, duration
    case pause, volume, frequencies, t38, t38Version
    // DTMF
    case dtmfSecurity, dtmfSecurityTrigger, dtmfSecurityTriggerEnd, trigger, triggerEnd, triggerEndTime
    case triggerEndDigits, delayBuffer, dtmfDelay, dtmfLogDestination
    case vscStartRecording, vscStopRecording, vscPauseRecording, vscStartStopRecording, vscPauseResumeRecording
    case vscStartPauseResumeRecording
    // More than one call
    case calls, medias, tags, sourceTag, sourceCallID, toCallID
}

extension NGKey {
    package static let names = NameTable<NGKey>([
        "command": .command, "call-id": .callID, "from-tag": .fromTag, "to-tag": .toTag, "via-branch": .viaBranch,
        "from-tags": .fromTags, "label": .label, "from-label": .label, "set-label": .setLabel, "to-label": .toLabel,
        "address": .address, "all": .all, "alias-key": .aliasKey,
        "sdp": .sdp, "flags": .flags, "rtpp-flags": .rtppFlags, "template": .template, "supports": .supports,
        "replace": .replace, "codec": .codec, "codecs": .codec, "sdp-attr": .sdpAttr,
        "sdp-media-remove": .sdpMediaRemove, "extmap": .extmap, "ptime": .ptime, "ptime-reverse": .ptimeReverse,
        "reverse-ptime": .ptimeReverse,
        "direction": .direction, "interface": .interface, "from-interface": .fromInterface,
        "to-interface": .toInterface, "inbound-peer": .inboundPeer, "outbound-peer": .outboundPeer, "peer": .peer,
        "received-from": .receivedFrom, "address-family": .addressFamily, "media-address": .mediaAddress,
        "transport-protocol": .transportProtocol, "TOS": .tos, "rtcp-mux": .rtcpMux,
        "endpoint-learning": .endpointLearning, "drop-traffic": .dropTraffic, "generate-RTCP": .generateRTCP,
        "passthrough": .passthrough, "passthru": .passthrough, "media-echo": .mediaEcho,
        "ICE": .ice, "ICE-lite": .iceLite, "SDES": .sdes, "OSRTP": .osrtp, "DTLS": .dtls,
        "DTLS-reverse": .dtlsReverse, "DTLS-fingerprint": .dtlsFingerprint, "bundle": .bundle,
        "delete-delay": .deleteDelay, "limit": .limit, "metadata": .metadata, "sip-code": .sipCode,
        "sip-response-code": .sipCode, "sip-message-type": .sipMessageType, "xmlrpc-callback": .xmlrpcCallback,
        "instance": .instance, "body": .body, "repacketize": .repacketize,
        "record-call": .recordCall, "recording-file": .recordingFile, "recording-destination": .recordingFile,
        "recording-dest": .recordingFile, "output-destination": .recordingFile, "output-dest": .recordingFile,
        "output-file": .recordingFile, "recording-dir": .recordingDirectory, "recording-path": .recordingDirectory,
        "recording-directory": .recordingDirectory, "recording-folder": .recordingDirectory,
        "output-dir": .recordingDirectory, "output-path": .recordingDirectory,
        "output-directory": .recordingDirectory, "output-folder": .recordingDirectory,
        "recording-pattern": .recordingPattern, "output-pattern": .recordingPattern,
        "recording-media-slot-offer": .recordingMediaSlotOffer,
        "recording-media-slot-answer": .recordingMediaSlotAnswer, "recording-media-slots": .recordingMediaSlots,
        "audio-player": .audioPlayer, "player": .audioPlayer, "moh": .moh, "file": .file, "blob": .blob,
        "blob64": .blob64, "db-id": .databaseID, "repeat-times": .repeatTimes, "repeat-duration": .repeatDuration,
        "start-pos": .startPosition, "code": .digit, "digit": .digit, "duration": .duration, "pause": .pause,
        "volume": .volume, "frequency": .frequencies, "frequencies": .frequencies, "T.38": .t38, "T38": .t38,
        "T.38-version": .t38Version, "T38-version": .t38Version,
        "DTMF-security": .dtmfSecurity, "DTMF-security-trigger": .dtmfSecurityTrigger,
        "DTMF-security-trigger-end": .dtmfSecurityTriggerEnd, "trigger": .trigger, "trigger-end": .triggerEnd,
        "end-trigger": .triggerEnd, "trigger-end-time": .triggerEndTime, "end-trigger-time": .triggerEndTime,
        "trigger-end-digits": .triggerEndDigits, "end-trigger-digits": .triggerEndDigits,
        "delay-buffer": .delayBuffer, "DTMF-delay": .dtmfDelay, "dtmf-log-dest": .dtmfLogDestination,
        "dtmf-log-destination": .dtmfLogDestination,
        "vsc-start-rec": .vscStartRecording, "vsc-start-recording": .vscStartRecording,
        "vsc-stop-rec": .vscStopRecording, "vsc-stop-recording": .vscStopRecording,
        "vsc-pause-rec": .vscPauseRecording, "vsc-pause-recording": .vscPauseRecording,
        "vsc-start-stop-rec": .vscStartStopRecording, "vsc-start-stop-recording": .vscStartStopRecording,
        "vsc-pause-resume-rec": .vscPauseResumeRecording, "vsc-pause-resume-recording": .vscPauseResumeRecording,
        "vsc-start-pause-resume-rec": .vscStartPauseResumeRecording,
        "vsc-start-pause-resume-recording": .vscStartPauseResumeRecording,
        "calls": .calls, "media": .medias, "medias": .medias, "tags": .tags, "source-tag": .sourceTag,
        "source-call-id": .sourceCallID, "to-call-id": .toCallID,
    ])
}
