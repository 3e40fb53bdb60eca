internal import Foundation
internal import RelayCore
internal import RelayFailover
internal import Synchronization
internal import WireFormat

/// What a guarded relay has from its guard: a channel to it, and the sockets that outlive the relay.
final class GuardLink: Sendable {
    /// `CHANNEL PARENT [SOCKET...]`: numbers of descriptors, and the guard's process number in between.
    static let variable = "RELAYD_GUARD"

    private let channel: GuardChannel
    /// The NG sockets over UDP, in the order of the options.
    let sockets: [Int32]

    /// `nil` when nobody guards us.
    init?(environment: [String: String]) {
        let numbers = (environment[Self.variable] ?? "").split(separator: " ").compactMap { Int32($0) }
        guard numbers.count >= 2, GuardedProcess.follow(parent: numbers[1], signal: SIGTERM) else { return nil }
        channel = GuardChannel(descriptor: numbers[0])
        sockets = Array(numbers.dropFirst(2))
    }

    /// The variable's value for a child.
    static func value(channel: GuardChannel, sockets: [Int32]) -> String {
        let numbers = [channel.descriptor, GuardedProcess.identifiers.own] + sockets
        return "\(variable)=\(numbers.map { "\($0)" }.joined(separator: " "))"
    }

    /// Tells the guard; false when it is gone.
    ///
    /// - Parameter remains: descriptors that it holds from then on, also when we are gone, instead of those before.
    @discardableResult
    func tell(_ message: GuardMessage, remains: [Int32] = []) -> Bool {
        channel.send(message.text, descriptors: remains)
    }
}
