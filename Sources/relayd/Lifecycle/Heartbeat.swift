internal import RelayCore
internal import RelayFailover
internal import Synchronization

/// Asks the command path for an answer several times a second.
///
/// The question goes through the listener's thread and the dispatcher like any command: a relay that forwards packets but
/// answers nobody is no use. It runs until the process ends.
struct Heartbeat: Sendable {
    /// Has a message answered on the command path; the reply comes on its thread.
    let ask: @Sendable (_ message: [UInt8], _ reply: @escaping @Sendable ([UInt8]) -> Void) -> Void
    /// Told of every answer.
    let beat: @Sendable () -> Void

    /// Starts to beat, on a thread of its own.
    func start() throws(SystemError) {
        let interval = Int32(GuardPolicy.beatInterval / 1_000_000)
        _ = try SystemThread(name: "heartbeat") {
            var number: UInt64 = 0
            while true {
                number += 1
                ask(Array("guard_\(number) d7:command4:pinge".utf8)) { _ in beat() }
                _ = InputWait.any([], milliseconds: interval)
            }
        }
    }
}
