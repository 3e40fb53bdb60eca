internal import DaemonOptions
internal import Foundation
internal import Logging
internal import RelayCore
internal import RelayFailover
internal import WireFormat

/// The process that an operator starts: it runs the relay as its child, starts it again when it fails, and withdraws its
/// addresses while nobody serves them. It holds the NG sockets, so that a command that comes in between waits for the next
/// relay and is not refused, and what keeps media from being refused.
///
/// One thread, no runtime services: nothing here waits but for input.
struct Guard {
    /// Messages of a relay taken in one turn.
    private static let batch = 64
    /// Time for commands of `--announce` at the end, in nanoseconds.
    private static let lastCommands: UInt64 = 2_000_000_000

    private let arguments: [String]
    /// `nil` for an address that this host does not have.
    private let sockets: [Int32?]
    /// For the next relay. A file with a mistake, or with what takes a restart, does not reach one that comes after a crash.
    private var options: SealedFile
    private let signals: SignalInput
    private let log: Logger
    private let tellReady: () throws -> Void
    private var announcer: RouteAnnouncer
    /// Somebody listens to `announcer`.
    private let announces: Bool
    private var policy = GuardPolicy(now: SystemClock.monotonic)
    private var channel: GuardChannel?
    private var child: Int32 = 0
    /// What the last relay that was ready has left us to hold (`KernelSteering.remains`).
    private var remains: [Int32] = []
    private var watchdog: ServiceWatchdog
    private var stopSignals = 0
    /// Signals that came while a relay was starting.
    private var postponed: Set<Int32> = []
    private var hasInput: Bool

    /// Opens what has to outlive a relay.
    ///
    /// - Parameter tellReady: called once, when the first relay is ready.
    init(
        _ configuration: Configuration, announce: AnnounceMethod?, log: Logger, tellReady: @escaping () throws -> Void
    ) throws {
        (arguments, self.log, self.tellReady) = (CommandLine.arguments, log, tellReady)
        options = try HandedOptions(start: configuration, current: configuration).sealed()
        watchdog = ServiceWatchdog(environment: ProcessInfo.processInfo.environment)
        var attempts = ListenerAttempts<Int32>(configuration)
        for address in configuration.listenNG {
            do {
                attempts.opened(try ControlSocket.open(at: address, tos: configuration.controlTOS), at: address)
            } catch {
                try attempts.failed(error, at: address)
            }
        }
        sockets = try attempts.finish(log)
        announcer = try RouteAnnouncer(announce, log: log)
        announces = announce != nil
        hasInput = announcer.input >= 0
        signals = try SignalInput()
        GuardedProcess.preferPromptness()
    }

    /// Guards until the relay ends on purpose; returns the exit status for this process.
    mutating func run() -> Int32 {
        let interval = Int32(GuardPolicy.tickInterval / 1_000_000)
        while true {
            _ = InputWait.any(
                [signals.descriptor, channel?.descriptor ?? -1, hasInput ? announcer.input : -1],
                milliseconds: interval)
            if hasInput { hasInput = GuardedProcess.discardInput(of: announcer.input) }
            if let status = takeMessages() ?? takeSignals() ?? perform(policy.handle(.tick, at: SystemClock.monotonic))
            {
                return finish(status)
            }
            announcer.tick(at: SystemClock.monotonic)
            watchdog.pat(at: SystemClock.monotonic)
        }
    }

    private mutating func finish(_ status: Int32) -> Int32 {
        let deadline = SystemClock.monotonic &+ Self.lastCommands
        while !announcer.isIdle, SystemClock.monotonic < deadline {
            announcer.tick(at: SystemClock.monotonic)
            while let (process, status) = GuardedProcess.reap() {
                _ = announcer.ended(process, status: status, at: SystemClock.monotonic)
            }
            _ = InputWait.any([signals.descriptor], milliseconds: 10)
            while signals.next() != nil {}
        }
        return status
    }

    // MARK: Input

    private mutating func takeMessages() -> Int32? {
        for _ in 0..<Self.batch {
            guard let channel else { return nil }
            switch channel.receive() {
            case .nothing: return nil
            case .closed:
                channel.close()
                self.channel = nil
                return perform(policy.handle(.closed, at: SystemClock.monotonic))
            case .message(let text, let descriptors):
                if let status = take(text, descriptors) { return status }
            }
        }
        return nil
    }

    private mutating func take(_ text: String, _ descriptors: [Int32]) -> Int32? {
        let now = SystemClock.monotonic
        let message = GuardMessage(text)
        var needless = descriptors
        switch message {
        // Only now: until a relay is ready its calls are not back, and their packets would be refused.
        case .ready?: swap(&needless, &remains)
        case .options? where descriptors.count == 1:
            (needless, options) = ([options.descriptor], SealedFile(descriptor: descriptors[0]))
        default: break
        }
        for descriptor in needless { close(descriptor) }
        switch message {
        case .beat(let safety)?:
            defer { passOn() }
            return perform(policy.handle(.beat(safety), at: now))
        case .ready?:
            defer { passOn() }
            return perform(policy.handle(.ready, at: now))
        case .failed(let why)?: log.critical("\(why)")
        case .leaving?: return perform(policy.handle(.leaving, at: now))
        case .options?: break
        case .route(let address, let level)?: announcer.want(level, for: address, at: now)
        case nil: log.error("the relay says what its guard does not understand")
        }
        return nil
    }

    private mutating func takeSignals() -> Int32? {
        while let signal = signals.next() {
            switch signal {
            case SIGCHLD:
                if let status = reap() { return status }
            case SIGTERM, SIGINT, SIGQUIT:
                stopSignals += 1
                try? ServiceManager.stopping()
                if stopSignals > 1 {
                    log.notice("asked to end once more: at once")
                    signalChild(SIGKILL)
                } else if let status = perform(
                    policy.handle(.stopRequested(signal: signal), at: SystemClock.monotonic))
                {
                    return status
                }
            default:
                postponed.insert(signal)
                passOn()
            }
        }
        return nil
    }

    /// Passes signals on once the relay has come so far that it takes them; before, they would end it.
    private mutating func passOn() {
        guard policy.takesSignals else { return }
        for signal in postponed { signalChild(signal) }
        postponed = []
    }

    /// Children that have ended: the relay, commands, and as process 1 of a container whatever was left to us.
    private mutating func reap() -> Int32? {
        while let (process, status) = GuardedProcess.reap() {
            if announcer.ended(process, status: status, at: SystemClock.monotonic) || process != child { continue }
            child = 0
            // What it said last counts.
            if let status = takeMessages() { return status }
            channel?.close()
            channel = nil
            if stopSignals == 0 {
                // One that was told to drain has done what it should.
                log.log(
                    level: status == 0 ? .notice : .error,
                    "the relay (process \(process)) has ended with status \(status)")
            }
            if let status = perform(policy.handle(.ended(status: status), at: SystemClock.monotonic)) { return status }
        }
        return nil
    }

    // MARK: Action

    /// Carries actions out; returns the exit status when the time has come.
    private mutating func perform(_ actions: [GuardPolicy.Action]) -> Int32? {
        let now = SystemClock.monotonic
        for action in actions {
            switch action {
            case .start:
                if let status = start() { return status }
            case .limitRoutes(let level):
                if level == .lastResort {
                    let routes = announces ? ": its addresses are the last resort now" : ""
                    log.error("the relay gives no sign of life\(routes)")
                }
                announcer.limit(to: level, at: now)
            case .forgetRoutes(let level): announcer.forget(above: level, at: now)
            case .signal(let number): signalChild(number)
            case .look:
                if let look = ProcessLook(process: child) { _ = policy.handle(.looked(look), at: now) }
            case .kill(let why):
                log.error("the relay is ended: \(why)")
                signalChild(SIGKILL)
            case .tellReady:
                do { try tellReady() } catch { log.error("\(error)") }
            case .exit(let status): return status
            }
        }
        return nil
    }

    /// 0 would be ourselves.
    private func signalChild(_ number: Int32) {
        if child > 0 { GuardedProcess.signal(child, number) }
    }

    /// Starts a relay; returns the exit status when it could not be started the first time.
    private mutating func start() -> Int32? {
        do throws(SystemError) {
            let (ours, theirs) = try GuardChannel.pair()
            defer { theirs.close() }
            channel = ours
            child = try GuardedProcess.start(
                arguments, descriptors: [theirs.descriptor, options.descriptor] + sockets.compactMap { $0 },
                variable: GuardLink.value(channel: theirs, options: options, sockets: sockets))
            log.info("the relay runs as process \(child)")
            return nil
        } catch {
            log.critical("\(error)")
            channel?.close()
            channel = nil
            return perform(policy.handle(.ended(status: 71), at: SystemClock.monotonic))
        }
    }
}
