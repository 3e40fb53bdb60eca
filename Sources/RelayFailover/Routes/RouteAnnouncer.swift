package import Logging
package import RelayCore
package import WireFormat

/// Carries route changes out by the method that was chosen. One thread uses it.
package struct RouteAnnouncer: Sendable {
    private var board = RouteBoard()
    private var commands = CommandQueue()
    private let driver: (any RouteDriver)?
    private let command: String?
    private let log: Logger
    /// When what failed is tried again; monotonic nanoseconds.
    private var retryAt: UInt64 = 0
    /// Addresses whose failure has been logged.
    private var failing: Set<IPAddress> = []
    private static let retryInterval: UInt64 = 500_000_000
    /// So long after a command has failed: each is a shell or more.
    private static let commandRetryInterval: UInt64 = 1_000_000_000
    /// When it is worth a line again that somebody changes what is ours; monotonic nanoseconds.
    private var warnAt: UInt64 = 0
    private static let warningInterval: UInt64 = 60_000_000_000
    /// Standard input, when ExaBGP writes its acknowledgements there.
    package let input: Int32

    /// - Throws: when the interfaces or the pipe cannot be had.
    package init(_ method: AnnounceMethod?, log: Logger) throws(SystemError) {
        self.log = log
        switch method {
        case nil: (driver, command, input) = (nil, nil, -1)
        case .link(let name)?: (driver, command, input) = (try LinkRouteDriver(interface: name), nil, -1)
        case .exabgp(nil)?: (driver, command, input) = (ExaBGPRouteDriver(descriptor: 1), nil, 0)
        case .exabgp(let path?)?:
            (driver, command, input) = (ExaBGPRouteDriver(descriptor: try GuardedProcess.openPipe(path)), nil, -1)
        case .command(let command)?: (driver, self.command, input) = (nil, command, -1)
        }
    }

    package mutating func want(_ level: RouteLevel, for address: IPAddress, at now: UInt64) {
        perform(board.want(level, for: address), at: now)
    }

    package mutating func limit(to level: RouteLevel, at now: UInt64) { perform(board.limit(to: level), at: now) }

    package mutating func forget(above level: RouteLevel, at now: UInt64) {
        perform(board.forget(above: level), at: now)
    }

    /// Some times a second: tries again what failed, puts right what somebody has changed, goes on with commands.
    package mutating func tick(at now: UInt64) {
        if now >= retryAt {
            retryAt = now &+ Self.retryInterval
            restore(at: now)
            perform(board.changes(), at: now)
        }
        runCommands(at: now)
    }

    /// Whoever flushes addresses, or takes an interface down, tells nobody: the only way to notice is to look.
    private mutating func restore(at now: UInt64) {
        guard let driver else { return }
        var hasChanged = false
        for route in board.standing {
            do throws(SystemError) {
                if try driver.restore(route.address, at: route.level) { hasChanged = true }
            } catch {
                note(error, of: route)
            }
        }
        guard hasChanged, now >= warnAt else { return }
        warnAt = now &+ Self.warningInterval
        log.warning("somebody else has changed what routes are announced on: it is as it was")
    }

    private mutating func runCommands(at now: UInt64) {
        while let step = commands.next(at: now) {
            switch step {
            case .kill(let process):
                log.error("the command of --announce takes too long and is ended")
                GuardedProcess.signal(-process, 9)
                return
            case .start(let address, let level):
                guard let command else { return }
                do throws(SystemError) {
                    let process = try GuardedProcess.shell(
                        command,
                        variables: [
                            "ADDRESS=\(address)", "PREFIX=\(address)/\(address.family == .ipv4 ? 32 : 128)",
                            "LEVEL=\(level.word)",
                        ])
                    commands.started(process, for: address, at: now)
                } catch {
                    commandFailed(address, "\(error)", at: now)
                    return
                }
            }
        }
    }

    /// A child has ended; whether it was a command of ours.
    package mutating func ended(_ process: Int32, status: Int32, at now: UInt64) -> Bool {
        guard let address = commands.ended(process) else { return false }
        if status != 0 {
            commandFailed(address, "the command of --announce failed with status \(status) for \(address)", at: now)
        } else if failing.remove(address) != nil {
            log.notice("the command of --announce has succeeded for \(address)")
        }
        return true
    }

    /// It is tried again: a routing daemon that is just starting takes no commands, and a route that stays where nobody serves
    /// it leads into nothing.
    private mutating func commandFailed(_ address: IPAddress, _ why: String, at now: UInt64) {
        if failing.insert(address).inserted { log.error("\(why): tried again until it succeeds") }
        board.failed(address)
        retryAt = max(retryAt, now &+ Self.commandRetryInterval)
    }

    /// Whether every change has been carried out.
    package var isIdle: Bool { commands.isIdle && board.isTold }

    private mutating func perform(_ changes: [RouteBoard.Change], at now: UInt64) {
        for change in changes {
            do throws(SystemError) {
                try driver?.announce(change.address, at: change.level)
                if command != nil {
                    commands.add(change.address, change.level)
                    // That one is tried again is no news.
                    if failing.contains(change.address) { continue }
                }
                failing.remove(change.address)
                log.notice("\(change.address) is announced as: \(change.level.word)")
            } catch {
                note(error, of: change)
            }
        }
        if !changes.isEmpty, command != nil { runCommands(at: now) }
    }

    /// It is tried again.
    private mutating func note(_ error: SystemError, of change: RouteBoard.Change) {
        if failing.insert(change.address).inserted {
            log.error("\(change.address) cannot be announced as \(change.level.word): \(error)")
        }
        board.failed(change.address)
    }
}
