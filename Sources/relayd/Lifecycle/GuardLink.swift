internal import DaemonOptions
internal import Foundation
internal import Logging
internal import RelayCore
internal import RelayFailover
internal import Synchronization
internal import WireFormat

/// What a guarded relay has from its guard: a channel to it, the options, and the sockets that outlive the relay.
final class GuardLink: Sendable {
    /// `CHANNEL PARENT OPTIONS [SOCKET...]`: numbers of descriptors, -1 for none, and the guard's process number among them.
    static let variable = "RELAYD_GUARD"

    private let channel: GuardChannel
    private let parent: Int32
    /// What we run with.
    let options: HandedOptions
    /// The NG sockets over UDP, in the order of the options; `nil` for an address that this host does not have.
    let sockets: [Int32?]

    /// `nil` when nobody guards us.
    init?(environment: [String: String]) throws {
        let numbers = (environment[Self.variable] ?? "").split(separator: " ").compactMap { Int32($0) }
        guard numbers.count >= 3, GuardedProcess.follow(parent: numbers[1], signal: SIGTERM) else { return nil }
        (channel, parent) = (GuardChannel(descriptor: numbers[0]), numbers[1])
        let file = SealedFile(descriptor: numbers[2])
        defer { file.close() }
        options = try HandedOptions(file)
        sockets = numbers.dropFirst(3).map { $0 >= 0 ? $0 : nil }
    }

    /// The variable's value for a child.
    static func value(channel: GuardChannel, options: SealedFile, sockets: [Int32?]) -> String {
        let numbers =
            [channel.descriptor, GuardedProcess.identifiers.own, options.descriptor] + sockets.map { $0 ?? -1 }
        return "\(variable)=\(numbers.map { "\($0)" }.joined(separator: " "))"
    }

    /// Tells the guard; false when it is gone.
    ///
    /// - Parameter remains: descriptors that it holds from then on, also when we are gone, instead of those before.
    @discardableResult
    func tell(_ message: GuardMessage, remains: [Int32] = []) -> Bool {
        channel.send(message.text, descriptors: remains)
    }

    /// From now on this process ends at once with its guard, since it does not listen to signals any more.
    ///
    /// - Returns: false when the guard is gone already.
    func endsWithGuard() -> Bool { GuardedProcess.follow(parent: parent, signal: SIGKILL) }

    /// Has the next relay start with the options as they are now.
    func keep(_ current: Configuration, log: Logger) {
        do {
            let file = try HandedOptions(start: options.start, current: current).sealed()
            defer { file.close() }
            if !channel.send(GuardMessage.options.text, descriptors: [file.descriptor]) {
                log.warning("the guard does not take the options: after a crash those before the last change count")
            }
        } catch {
            log.error("after a crash the options before the last change count: \(error)")
        }
    }
}
