internal import Logging
internal import RelayCore
internal import RelayFailover
internal import Synchronization

/// Asks the command path for an answer several times a second, as long as the media threads come round.
///
/// The question goes through the listener's thread and the dispatcher like any command: a relay that forwards packets but
/// answers nobody is no use, nor is one that answers and forwards nothing. It runs until the process ends.
struct Heartbeat: Sendable {
    /// Has a message answered on the command path; the reply comes on its thread.
    let ask: @Sendable (_ message: [UInt8], _ reply: @escaping @Sendable ([UInt8]) -> Void) -> Void
    /// Asks the media threads to come round (`Relay.knockOnMediaThreads`).
    let knock: @Sendable () -> [UInt64]
    /// Told of every answer.
    let beat: @Sendable () -> Void
    let log: Logger

    /// Starts to beat, on a thread of its own.
    func start() throws(SystemError) {
        let interval = Int32(GuardPolicy.beatInterval / 1_000_000)
        _ = try SystemThread(name: "heartbeat") {
            var number: UInt64 = 0
            var threads = MediaThreadWatch()
            var stuck: Int?
            while true {
                number += 1
                let found = threads.look(knock(), at: SystemClock.monotonic)
                if found != stuck { report(found) }
                stuck = found
                if found == nil { ask(Array("guard_\(number) d7:command4:pinge".utf8)) { _ in beat() } }
                _ = InputWait.any([], milliseconds: interval)
            }
        }
    }

    private func report(_ stuck: Int?) {
        if let stuck {
            log.error("media thread \(stuck) hangs: no sign of life until it goes on")
        } else {
            log.notice("all media threads go on")
        }
    }
}
