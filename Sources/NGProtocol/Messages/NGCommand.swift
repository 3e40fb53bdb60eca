package import WireFormat

/// Every command of the protocol, by its exact name, in the order of the statistics.
package enum NGCommand: String, CaseIterable, Sendable {
    case ping
    case offer
    case answer
    case delete
    case query
    case list
    case startRecording = "start recording"
    case stopRecording = "stop recording"
    case pauseRecording = "pause recording"
    case startForwarding = "start forwarding"
    case stopForwarding = "stop forwarding"
    case blockDTMF = "block DTMF"
    case unblockDTMF = "unblock DTMF"
    case blockMedia = "block media"
    case unblockMedia = "unblock media"
    case playMedia = "play media"
    case stopMedia = "stop media"
    case playDTMF = "play DTMF"
    case statistics
    case silenceMedia = "silence media"
    case unsilenceMedia = "unsilence media"
    case publish
    case subscribeRequest = "subscribe request"
    case subscribeAnswer = "subscribe answer"
    case unsubscribe
    case injectStart = "inject start"
    case injectStop = "inject stop"
    case connect
    case cli
    case transform
    case create
    case createAnswer = "create answer"
    case mesh

    /// The command with this name, case-sensitive; only `cli` is also spelled `CLI`.
    package init?(wireName name: ByteString) {
        guard let command = Self.byName[name] else { return nil }
        self = command
    }

    private static let byName: [ByteString: NGCommand] = {
        var names = [ByteString: NGCommand]()
        for command in allCases { names[ByteString(command.rawValue)] = command }
        names["CLI"] = .cli
        return names
    }()

    /// The short name in statistics; in lower case it starts the keys there, as in `pingcount`.
    package var statisticsName: String {
        switch self {
        case .ping: "Ping"
        case .offer: "Offer"
        case .answer: "Answer"
        case .delete: "Delete"
        case .query: "Query"
        case .list: "List"
        case .startRecording: "StartRec"
        case .stopRecording: "StopRec"
        case .pauseRecording: "PauseRec"
        case .startForwarding: "StartFwd"
        case .stopForwarding: "StopFwd"
        case .blockDTMF: "BlkDTMF"
        case .unblockDTMF: "UnblkDTMF"
        case .blockMedia: "BlkMedia"
        case .unblockMedia: "UnblkMedia"
        case .playMedia: "PlayMedia"
        case .stopMedia: "StopMedia"
        case .playDTMF: "PlayDTMF"
        case .statistics: "Stats"
        case .silenceMedia: "SlnMedia"
        case .unsilenceMedia: "UnslnMedia"
        case .publish: "Pub"
        case .subscribeRequest: "SubReq"
        case .subscribeAnswer: "SubAns"
        case .unsubscribe: "Unsub"
        case .injectStart: "InjStart"
        case .injectStop: "InjStop"
        case .connect: "Conn"
        case .cli: "CLI"
        case .transform: "Trnsfm"
        case .create: "Create"
        case .createAnswer: "CrtAnsw"
        case .mesh: "Mesh"
        }
    }
}
