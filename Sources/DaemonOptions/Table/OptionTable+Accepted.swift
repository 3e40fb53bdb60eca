extension OptionTable {
    /// Options of rtpengine 10.5 to 13 that we have no use for yet, or never will. All names are kept so that
    /// existing configuration files and unit files work.
    static let accepted: [OptionDefinition] =
        names(notBuiltFlags, .flag, .notBuilt) + names(notBuiltValues, .value, .notBuilt)
        + names(notBuiltLists, .list, .notBuilt) + names(ignoredFlags, .flag, .ignored)
        + names(ignoredValues, .value, .ignored) + names(ignoredLists, .list, .ignored)

    /// What rtpengine does in place of running, and our answer on the command line. A relay that starts instead, beside the one
    /// that runs, or for ever in an `ExecStartPre`, is what nobody wants.
    static let errands = [
        "codecs": "Media is not decoded: every codec passes as it is.\n",
        "nftables-start": nothingToDo, "nftables-stop": nothingToDo, "nftables-status": nothingToDo,
    ]

    private static let nothingToDo = "relayd needs no rules of nftables: there is nothing to do.\n"

    private static func names(
        _ names: String, _ kind: OptionDefinition.Kind, _ use: OptionDefinition.Use
    ) -> [OptionDefinition] {
        names.split(whereSeparator: \.isWhitespace).map { name in
            OptionDefinition(name: String(name), short: shorts[String(name)], kind: kind, use: use)
        }
    }

    private static let shorts: [String: Character] = [
        "save-interface-ports": "S",
        "listen-tcp": "l",
        "listen-udp": "u",
        "redis-delete-async": "y",
        "b2b-url": "b",
        "xmlrpc-format": "x",
    ]

    private static let notBuiltFlags = """
        dtls-passive dtmf-log-ng-tcp homer-disable-rtcp-stats homer-enable-ng
        record-both record-egress reject-invalid-sdp
        """

    private static let notBuiltValues = """
        b2b-url control-pmtu dtls-cert-cipher dtls-ciphers dtls-mtu dtls-rsa-key-size dtls-signature dtmf-log-dest
        homer homer-id homer-ng-capture-proto
        homer-protocol https-cert https-key log-facility-dtmf log-facility-rtcp recording-dir
        recording-format recording-method rtcp-interval
        ssrc-reporting vsc-pause-rec vsc-pause-resume-rec vsc-start-pause-resume-rec vsc-start-rec
        vsc-start-stop-rec vsc-stop-rec xmlrpc-format
        """

    private static let notBuiltLists = """
        listen-udp
        """

    // A stream takes one address (`save-interface-ports`), RTP is always measured (`measure-rtp`), and no log message has
    // more than one line (`split-logs`).
    private static let ignoredFlags = """
        measure-rtp save-interface-ports split-logs
        codec-chain-async codec-chain-nonblock codecs debug-srtp dtmf-no-log-injects dtmf-no-suppress io-uring
        jb-adaptive jb-clock-drift log-srtp-keys moh-prevent-double-hold nftables-append nftables-start
        nftables-status nftables-stop player-cache poller-per-thread redis-delete-async
        redis-resolve-on-reconnect active-switchover
        """

    private static let ignoredValues = """
        amr-dtx audio-buffer-delay audio-buffer-length audio-player cn-payload codec-chain-concurrency
        codec-chain-interval codec-chain-lib-path codec-chain-opus-application codec-chain-opus-complexity
        codec-chain-runners codec-num-threads db-cache-expire db-cache-reload db-media-cache db-media-expire
        db-media-reload dtmf-digit-delay dtx-buffer dtx-cn-params dtx-delay dtx-lag dtx-shift evs-dtx evs-lib-path
        expiry-timer http-buf-size http-threads idle-priority idle-scheduling io-uring-buffers iptables-chain janus-secret
        jb-adaptive-max jb-adaptive-min jitter-buffer kernel-num-threads kernel-player kernel-player-media
        kernel-slots max-dtx max-recv-iters media-files-expire media-files-reload media-num-threads moh-attr-name
        moh-max-duration moh-max-repeats mqtt-cafile mqtt-capath mqtt-certfile mqtt-host mqtt-id mqtt-keepalive
        mqtt-keyfile mqtt-pass mqtt-port mqtt-publish-interval mqtt-publish-qos mqtt-publish-scope
        mqtt-publish-topic mqtt-tls-alpn mqtt-user mysql-host mysql-pass mysql-port mysql-query mysql-user
        nftables-base-chain nftables-chain nftables-family ng-client-retries ng-client-timeout poller-size priority
        redis-delete-async-interval redis-format redis-num-threads redis-tcp-keepalive-intvl redis-tcp-keepalive-probes
        redis-tcp-keepalive-time scheduling silence-detect thread-stack timer-accuracy transcode-config xtables
        """

    private static let ignoredLists = """
        listen-tcp preload-db-cache preload-db-media preload-media-files
        """
}
