internal import Foundation
internal import RelayCore

/// Does to the host what a plan says.
package struct HostWriter: Sendable {
    private let files: KernelFiles

    package init(files: KernelFiles = KernelFiles()) { self.files = files }

    /// - Returns: where a rule has been put.
    func perform(_ change: HostChange) throws(TuningError) -> Int? {
        do {
            return try apply(change)
        } catch let error as SystemError {
            throw TuningError("\(error)" + Self.hint(change, error))
        } catch {
            throw TuningError("\(error)")
        }
    }

    private func apply(_ change: HostChange) throws -> Int? {
        switch change {
        case .write(let text, let path, _): try files.write(text, to: path)
        case .setQueues(let card, let count, _, _): try Card(index: card.index).setQueues(count)
        case .setRing(let card, let size, _): try Card(index: card.index).setRing(size)
        case .setCoalescing(let card, let microseconds, _):
            try Card(index: card.index).setCoalescing(microseconds: microseconds)
        case .setHash(let card, let family, let fields, _): try Card(index: card.index).setHash(family, fields)
        case .resetSpread(let card, _): try Card(index: card.index).resetSpread()
        case .setFilters(let card, let enabled): try Card(index: card.index).setFilters(enabled: enabled)
        case .addRule(let card, let rule): return try Card(index: card.index).add(rule)
        case .removeRule(let card, let rule): try Card(index: card.index).removeRule(at: rule.location ?? 0)
        case .run(let command, _):
            let (status, output) = try Command.run(["sh", "-c", command])
            guard status == 0 else {
                throw Command.Failure(
                    description: output.split(separator: "\n").first.map { String($0) } ?? "\(status)")
            }
        }
        return nil
    }

    /// What an operator cannot know from the kernel's words.
    private static func hint(_ change: HostChange, _ error: SystemError) -> String {
        switch change {
        case .addRule: "; if the card takes no masks of ports: --steer=addresses, or --steer=flows for few far ends"
        case .write(_, let path, _) where path.hasPrefix("/proc/irq/") && error.errno == EIO:
            "; the driver keeps this interrupt where it is"
        case .write(_, let path, _) where path.hasPrefix("/proc/sys/") && [EACCES, EROFS].contains(error.errno):
            "; it is the whole system's, and cannot be set by others than root, nor within a container"
        default: ""
        }
    }
}
