package import WireFormat

/// What the options say, checked.
package struct Configuration: Equatable, Codable, Sendable {
    /// Logical interfaces, `[NAME/]LOCAL[!ADVERTISED]`, the first being the default; the addresses are known to be good.
    package var interfaces: [String] = []
    /// Other names for interfaces, each with the name that it stands for.
    package var interfaceAliases: [String: String] = [:]
    /// Addresses of other relays whose calls go on here when they fail, written alike.
    package var backupInterfaces: [String] = []
    /// Where NG is answered over UDP.
    package var listenNG: [TransportAddress] = []
    /// Where NG is answered over TCP.
    package var listenTCPNG: [TransportAddress] = []
    /// Where the console is answered.
    package var listenCLI: [TransportAddress] = []
    /// Where HTTP is answered: metrics, NG, the console.
    package var listenHTTP: [TransportAddress] = []
    /// Those of the addresses above that a name or a bare port stands for besides others: this host need not have all.
    package var alternativeListeners: Set<TransportAddress> = []
    /// So many seconds an HTTP or console connection may be silent.
    package var httpIdleTimeout = 60

    package var portMin: UInt16 = 30_000
    package var portMax: UInt16 = 39_999
    /// TOS octet or traffic class of media.
    package var tos: UInt8 = 0
    /// TOS octet or traffic class of answers to control messages.
    package var controlTOS: UInt8 = 0

    /// Without media for so many seconds, a call ends.
    package var timeout = 60
    /// The same for a call that was put on hold.
    package var silentTimeout = 3600
    /// Without an answer for so many seconds, an offer ends.
    package var offerTimeout = 3600
    /// No call lasts longer, in seconds; 0 means for ever.
    package var finalTimeout = 0
    /// So many seconds a deleted call keeps its ports.
    package var deleteDelay = 30

    /// Media threads; `nil` means one for each core.
    package var numThreads: Int?
    /// Media threads stay on cores of their own: so many, or one for each core if negative; 0 means that they do not.
    package var socketCPUAffinity = 0
    /// More calls than that are refused; `nil` means no limit.
    package var maxSessions: Int?
    /// No new calls above this share of the processors' time, in percent; 0 means no limit.
    package var maxCPU = 0.0
    /// No new calls above this load average over a minute; 0 means no limit.
    package var maxLoad = 0.0
    /// No new calls above so many octets of media a second; 0 means no limit.
    package var maxBandwidth = 0
    package var endpointLearning = EndpointLearningMode.heuristic
    /// The beginning of the names of the file's sections that describe interfaces; `nil` means that there are none.
    package var interfaceSections: String?
    /// The section of the configuration file with the templates; `nil` means that there are none.
    package var templateSection: String?
    /// Flag strings, by the name under which `template` asks for them.
    package var templates: [String: String] = [:]
    /// Scores are those of a conversation (CQ) or of mere listening (LQ).
    package var mos = ScoreKind.conversational
    /// The source of the SIP message counts, not the address in the SDP, unless an offer says otherwise.
    package var sipSource = false
    /// Number of the kernel's forwarding table; negative means that there is none.
    package var table = -1
    package var noFallback = false
    /// Interfaces that the kernel forwards on; empty means those that reach the media addresses.
    package var kernelInterfaces: [String] = []
    package var kernelAttach = KernelAttach.auto
    package var portSockets = PortSockets.auto
    /// Take the kernel's table down, and end.
    package var flushKernel = false

    /// Where calls are shared with other relays; `nil` means that they are not.
    package var redis: String?
    /// Where they are written to, when `redis` is a replica.
    package var redisWrite: String?
    /// Where wake-ups come from, when that is neither.
    package var redisSubscribe: String?
    /// From the environment; what an option says counts more.
    package var redisPassword: String?
    package var redisWritePassword: String?
    package var redisSubscribePassword: String?
    /// Numbers of databases that other relays used to have of their own.
    package var subscribeKeyspace: [Int] = []
    /// So many seconds a call is kept in Redis without its owner's word.
    package var redisExpires = 86_400
    /// Start without Redis, too.
    package var noRedisRequired = false
    /// After more failures in a row than that, Redis is left alone for a while; negative means never.
    package var redisAllowedErrors = -1
    /// That while, in seconds.
    package var redisDisableTime = 10
    /// So many milliseconds an answer of Redis may take; 0 means the usual second.
    package var redisCmdTimeout = 0
    /// So many milliseconds a connection to Redis may take.
    package var redisConnectTimeout = 1000
    /// What this relay is called among those that share calls; `nil` means the name of the host.
    package var node: String?
    /// What those relays are called together.
    package var cluster = "relay"

    package var foreground = false
    /// How routes for our addresses are announced; `nil` leaves routes and addresses alone.
    package var announce: String?
    /// With routes announced, so many seconds the end waits for the last packet.
    package var drainTimeout = 30
    /// Run without a process that watches over us.
    package var noGuard = false
    package var pidfile: String?
    /// What we call ourselves to others; `nil` means our own name and version.
    package var softwareID: String?

    /// Syslog severity (RFC 5424 §6.2.1) up to which lines are logged.
    package var logLevel = 6
    /// Where a subsystem has a level of its own.
    package var logLevels: [LogSubsystem: Int] = [:]
    package var logStderr = false
    package var noLogTimestamps = false
    package var logName = "relayd"
    package var logFacility = LogFacility.daemon
    package var logFormat = LogFormat.default
    /// Around call-ids in the log.
    package var logMarkPrefix = ""
    package var logMarkSuffix = ""
    /// Characters of a log line; the rest is cut off. 0 means as many as a line may have at all.
    package var maxLogLineLength = 500
    /// Where call detail records go; `nil` means that there are none.
    package var logFacilityCDR: LogFacility?

    /// Where numbers are sent to; `nil` means nowhere.
    package var graphite: TransportAddress?
    /// Every so many seconds.
    package var graphiteInterval = 1
    /// In front of every name.
    package var graphitePrefix = ""
    /// So many seconds the server may take to accept a connection; 0 means that the system decides.
    package var graphiteTimeout = 0

    package init() {}
}

/// What a mean opinion score is about (ITU-T P.10).
package enum ScoreKind: String, CaseIterable, Codable, Sendable {
    /// Delay matters.
    case conversational = "cq"
    case listening = "lq"
}

/// When the address that media comes from replaces the one in the SDP.
package enum EndpointLearningMode: String, CaseIterable, Codable, Sendable {
    case off, immediate, delayed, heuristic
}

/// How packets come to the kernel's forwarding program.
package enum KernelAttach: String, CaseIterable, Codable, Sendable {
    case auto, xdp, tc
}

/// Whether ports have sockets of their own.
package enum PortSockets: String, CaseIterable, Codable, Sendable {
    /// They share some where the kernel allows it and nobody else uses the range.
    case auto
    case each
    /// They share some, or the relay does not start.
    case shared
}
