/// What rtpengine's two generations accept, for comparison.
enum RtpengineOptions {
    static let letters: [Character: String] = [
        "E": "log-stderr", "F": "no-fallback", "G": "graphite-interval", "L": "log-level", "M": "port-max",
        "N": "listen-tcp-ng", "S": "save-interface-ports", "T": "tos", "a": "final-timeout", "b": "b2b-url",
        "c": "listen-cli", "d": "delete-delay", "f": "foreground", "g": "graphite", "h": "help", "i": "interface",
        "k": "subscribe-keyspace", "l": "listen-tcp", "m": "port-min", "n": "listen-ng", "o": "timeout",
        "p": "pidfile", "q": "no-redis-required", "r": "redis", "s": "silent-timeout", "t": "table",
        "u": "listen-udp", "v": "version", "w": "redis-write", "x": "xmlrpc-format", "y": "redis-delete-async",
    ]

    static let names = Set(
        """
        active-switchover amr-dtx audio-buffer-delay audio-buffer-length audio-player b2b-url cn-payload
        codec-chain-async codec-chain-concurrency codec-chain-interval codec-chain-lib-path codec-chain-nonblock
        codec-chain-opus-application codec-chain-opus-complexity codec-chain-runners codec-num-threads codecs
        config-file config-section control-pmtu control-tos db-cache-expire db-cache-reload db-media-cache
        db-media-expire db-media-reload debug-srtp delete-delay dtls-cert-cipher dtls-ciphers dtls-mtu dtls-passive
        dtls-rsa-key-size dtls-signature dtmf-digit-delay dtmf-log-dest dtmf-log-ng-tcp dtmf-no-log-injects
        dtmf-no-suppress dtx-buffer dtx-cn-params dtx-delay dtx-lag dtx-shift endpoint-learning evs-dtx
        evs-lib-path expiry-timer final-timeout foreground graphite graphite-interval graphite-prefix
        graphite-timeout help homer homer-disable-rtcp-stats homer-enable-ng homer-id homer-ng-capture-proto
        homer-protocol http-buf-size http-idle-timeout http-threads https-cert https-key idle-priority
        idle-scheduling interface interfaces-config io-uring io-uring-buffers iptables-chain janus-secret
        jb-adaptive jb-adaptive-max jb-adaptive-min jb-clock-drift jitter-buffer kernel-num-threads kernel-player
        kernel-player-media kernel-slots listen-cli listen-http listen-https listen-ng listen-tcp listen-tcp-ng
        listen-udp log-facility log-facility-cdr log-facility-dtmf log-facility-rtcp log-format log-level
        log-level-codec log-level-control log-level-core log-level-crypto log-level-dtx log-level-ffmpeg
        log-level-http log-level-ice log-level-internals log-level-rtcp log-level-spandsp log-level-srtp
        log-level-transcoding log-mark-prefix log-mark-suffix log-name log-srtp-keys log-stderr max-bandwidth
        max-cpu max-dtx max-load max-log-line-length max-recv-iters max-sessions measure-rtp media-files-expire
        media-files-reload media-num-threads moh-attr-name moh-max-duration moh-max-repeats moh-prevent-double-hold
        mos mqtt-cafile mqtt-capath mqtt-certfile mqtt-host mqtt-id mqtt-keepalive mqtt-keyfile mqtt-pass mqtt-port
        mqtt-publish-interval mqtt-publish-qos mqtt-publish-scope mqtt-publish-topic mqtt-tls-alpn mqtt-user
        mysql-host mysql-pass mysql-port mysql-query mysql-user nftables-append nftables-base-chain nftables-chain
        nftables-family nftables-start nftables-status nftables-stop ng-client-retries ng-client-timeout
        no-fallback no-log-timestamps no-redis-required num-threads offer-timeout pidfile player-cache
        poller-per-thread poller-size port-max port-min preload-db-cache preload-db-media preload-media-files
        priority record-both record-egress recording-dir recording-format recording-method redis
        redis-allowed-errors redis-cmd-timeout redis-connect-timeout redis-delete-async redis-delete-async-interval
        redis-disable-time redis-expires redis-format redis-num-threads redis-resolve-on-reconnect redis-subscribe
        redis-tcp-keepalive-intvl redis-tcp-keepalive-probes redis-tcp-keepalive-time redis-write
        reject-invalid-sdp rtcp-interval save-interface-ports scheduling silence-detect silent-timeout sip-source
        socket-cpu-affinity software-id split-logs ssrc-reporting subscribe-keyspace table templates thread-stack
        timeout timer-accuracy tos transcode-config version vsc-pause-rec vsc-pause-resume-rec
        vsc-start-pause-resume-rec vsc-start-rec vsc-start-stop-rec vsc-stop-rec xmlrpc-format xtables
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}
