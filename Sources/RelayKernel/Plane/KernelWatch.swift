internal import Glibc
internal import Logging
internal import RelayCore
internal import Synchronization

/// Looks after the kernel plane from a thread of its own: interfaces that come and go, frames that are not sent, streams
/// that fall silent.
final class KernelWatch: Sendable {
    /// Milliseconds between two looks.
    private static let interval: Int32 = 250
    /// Every how many looks the streams are gone through, and the interfaces.
    private static let (sweepEvery, refreshEvery) = (2, 4)
    /// More frames lost between two looks than that, and than so many of a hundred forwarded, are too many. What overload
    /// costs has to be less: user space would only make it worse.
    private static let (tolerableFailures, tolerablePercent): (UInt64, UInt64) = (10, 5)
    /// How long everything stays in user space then, in nanoseconds.
    private static let suspension: UInt64 = 30_000_000_000

    let attachments: Attachments
    private let table: KernelTable
    private let orphanSilence: Duration
    private let requiresInterface: Bool
    private let log: Logger
    private let bell: Mutex<Poller?> = Mutex(nil)
    private let thread: Mutex<SystemThread?> = Mutex(nil)
    private let isStopped = Atomic<Bool>(false)

    init(_ configuration: KernelPlane.Configuration, table: KernelTable, log: Logger) {
        var wish = Attachments.Wish()
        (wish.interfaces, wish.choice) = (configuration.interfaces, configuration.attach)
        wish.addresses = configuration.addresses
        attachments = Attachments(wish, table: table, number: configuration.table, log: log)
        (self.table, self.log) = (table, log)
        (orphanSilence, requiresInterface) = (configuration.orphanSilence, configuration.requiresInterface)
    }

    /// Attaches to the interfaces and goes on watching.
    func start(_ plane: KernelPlane) throws(SystemError) {
        let attached = try attachments.refresh()
        guard attached > 0 || !requiresInterface else {
            throw SystemError(errno: ENODEV, operation: "attach the forwarding program to an interface")
        }
        plane.setActive(attached > 0)
        _ = try attachments.newFailures()
        let bell = try Poller()
        self.bell.withLock { $0 = bell }
        // The thread keeps the plane: it ends when the plane is told to stop.
        let thread = try SystemThread(name: "kernel-watch") { [self] in run(plane, bell) }
        self.thread.withLock { $0 = thread }
    }

    func stop() {
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        bell.withLock { $0?.wake() }
        thread.withLock { $0 }?.join()
    }

    private func run(_ plane: KernelPlane, _ bell: Poller) {
        var tags = [UInt64](repeating: 0, count: 1)
        var round = 0
        var (attached, suspendedUntil): (Int, UInt64) = (1, 0)
        var forwarded = plane.verdicts().forwarded
        while !isStopped.load(ordering: .acquiring) {
            _ = bell.wait(&tags, milliseconds: Self.interval)
            round += 1
            let now = SystemClock.monotonic
            if round % Self.refreshEvery == 0 {
                // It fails when the system is out of memory or descriptors; then what is attached stays so.
                attached = (try? attachments.refresh()) ?? attached
                if now >= suspendedUntil { plane.setActive(attached > 0) }
                plane.forgetSilentOrphans(orphanSilence, at: now)
            }
            let total = plane.verdicts().forwarded
            if suspend(plane, forwarded: total &- forwarded) { suspendedUntil = now &+ Self.suspension }
            forwarded = total
            if round % Self.sweepEvery == 0 { plane.sweep() }
        }
        plane.sweep()
    }

    /// Takes everything back to user space when the interfaces lose frames; true if so.
    private func suspend(_ plane: KernelPlane, forwarded: UInt64) -> Bool {
        guard let failures = try? attachments.newFailures(), !failures.isEmpty else { return false }
        let frames = failures.reduce(0) { $0 + $1.frames }
        guard forwarded > 0, frames > Self.tolerableFailures, frames * 100 > forwarded * Self.tolerablePercent else {
            return false
        }
        plane.setActive(false)
        let names = failures.map { "\($0.frames) on \($0.device.name)" }.joined(separator: ", ")
        if attachments.leaveXDP() {
            log.error("frames that XDP should have sent are lost (\(names)): going on with tc")
            return false
        }
        log.error("frames that the kernel should have sent are lost (\(names)): going on in user space for 30 s")
        return true
    }
}
