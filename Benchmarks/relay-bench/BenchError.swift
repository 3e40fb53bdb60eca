import RelayBenchKit
import WireFormat

/// Why a run ended early; one line for the person at the keyboard, saying what to do where that is known.
enum BenchError: Error, CustomStringConvertible {
    /// A system call failed; `operation` is the end of "cannot …".
    case system(SystemError)
    /// Nobody listens there, or nobody answers.
    case noRelay(TransportAddress)
    /// The relay answered a command with an error.
    case refused(command: String, reason: String)
    /// The reply to an offer or answer has no session description to send to.
    case noSessionDescription(command: String)
    /// A relay that `compare` started ended or never answered.
    case relayFailed(String)
    case interrupted

    var description: String {
        switch self {
        case .system(let error): error.description
        case .noRelay(let address):
            "no relay answers at \(address) (NG over UDP): start one there, or name another with --ng ADDRESS:PORT"
        case .refused(let command, let reason): "the relay refused an \"\(command)\": \(reason)"
        case .noSessionDescription(let command):
            "the relay's reply to \"\(command)\" has no audio stream with an address and a port"
        case .relayFailed(let text): text
        case .interrupted: "interrupted"
        }
    }
}
