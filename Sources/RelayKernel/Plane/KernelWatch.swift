internal import Glibc
internal import Logging
internal import RelayCore
internal import Synchronization

/// Looks after the kernel plane from a thread of its own: interfaces that come and go, frames that are not sent, streams
/// that fall silent.
final class KernelWatch: Sendable {
    /// Milliseconds between two looks.
    private static let interval: Int32 = 250
    /// Every how many looks the streams are gone through, the interfaces, and the neighbours.
    private static let (sweepEvery, refreshEvery, confirmEvery) = (2, 4, 8)
    /// How many looks back lost frames are added up.
    private static let lossSpan = 4
    /// How long nothing is sent through an interface that loses frames, in nanoseconds.
    private static let suspension: UInt64 = 30_000_000_000

    let attachments: Attachments
    private let table: KernelTable
    private let orphanSilence: Duration
    private let requiresInterface: Bool
    private let log: Logger
    private let bell: Mutex<Poller?> = Mutex(nil)
    private let thread: Mutex<SystemThread?> = Mutex(nil)
    private let routes: Mutex<RouteWatch?> = Mutex(nil)
    private let isStopped = Atomic<Bool>(false)

    init(_ configuration: KernelPlane.Configuration, table: KernelTable, log: Logger) {
        var wish = Attachments.Wish()
        (wish.interfaces, wish.choice) = (configuration.interfaces, configuration.attach)
        (wish.addresses, wish.announcing) = (configuration.addresses, configuration.announcing)
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
        let routes = try RouteWatch(table)
        self.routes.withLock { $0 = routes }
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
        routes.withLock { $0 }?.stop()
    }

    private func run(_ plane: KernelPlane, _ bell: Poller) {
        var tags = [UInt64](repeating: 0, count: 1)
        var round = 0
        var losses = LossWatch(span: Self.lossSpan)
        var passed = plane.verdicts().passedCount
        var shortages = Shortages(unread: plane.verdicts().lostReports)
        var lookUps = LookUps()
        while !isStopped.load(ordering: .acquiring) {
            _ = bell.wait(&tags, milliseconds: Self.interval)
            round += 1
            let (now, verdicts) = (SystemClock.monotonic, plane.verdicts())
            if round % Self.refreshEvery == 0 {
                lookUps.keep(table, log, at: now)
                attachments.resume(at: now)
                // It fails when the system is out of memory or descriptors; then what is attached stays so.
                if let attached = try? attachments.refresh() {
                    if attached == 0, plane.setActive(false) {
                        log.warning("no interface has the program: all packets go through user space for now")
                    } else if attached > 0 {
                        plane.setActive(true)
                    }
                }
                plane.forgetSilentOrphans(orphanSilence, at: now)
            }
            if let traffic = try? attachments.traffic() {
                suspend(losses.look(traffic, forwarded: verdicts.forwarded), at: now)
            }
            if round % Self.confirmEvery == 0 { attachments.confirmNeighbours() }
            plane.readReports()
            if round % Self.sweepEvery == 0 {
                let astray = plane.sweep()
                widen(astray: astray, passed: verdicts.passedCount &- passed)
                passed = verdicts.passedCount
                shortages.look(plane, verdicts, at: now, log)
            }
        }
        plane.sweep()
    }

    /// Keeps the kernel telling routes: whoever writes the settings of the host's forwarding as a whole takes the loopback's along.
    private struct LookUps {
        /// Scripts may do it again and again.
        private static let warningInterval: UInt64 = 60_000_000_000
        private var warnAt: UInt64 = 0
        /// Why it cannot be mended, as far as that has been said.
        private var refusal: SystemError?

        mutating func keep(_ table: KernelTable, _ log: Logger, at now: UInt64) {
            do throws(SystemError) {
                let hasChanged = try Loopback.enableRouteLookUp()
                refusal = nil
                guard hasChanged else { return }
                table.renewRoutes()
                guard now >= warnAt else { return }
                warnAt = now &+ Self.warningInterval
                log.warning(
                    "somebody has written net.ipv4.ip_forward or net.ipv6.conf.all.forwarding, and with it that of lo: set again, or all packets would go through user space"
                )
            } catch {
                if refusal == nil { log.error("the kernel tells no routes, packets go through user space: \(error)") }
                refusal = error
            }
        }
    }

    /// What runs short, of which nobody would notice anything else: calls go on.
    private struct Shortages {
        private var room = ShortageWatch()
        private var ring = ShortageWatch()
        private var unread: UInt64

        init(unread: UInt64) { self.unread = unread }

        mutating func look(_ plane: KernelPlane, _ verdicts: KernelVerdicts, at now: UInt64, _ log: Logger) {
            let leftOut = plane.leftOut
            switch room.look(isShort: leftOut > 0, at: now) {
            case .begins:
                log.warning(
                    "no room in the kernel for \(leftOut) streams (there is for \(plane.capacity) ports): they stay in user space"
                )
            case .ends: log.notice("there is room in the kernel for all streams again")
            case nil: break
            }
            defer { unread = verdicts.lostReports }
            switch ring.look(isShort: verdicts.lostReports != unread, at: now) {
            case .begins: log.warning("RTCP comes through the kernel faster than it is read: some is not looked at")
            case .ends: log.notice("all RTCP that comes through the kernel is read again")
            case nil: break
            }
        }
    }

    /// Sends through other means what interfaces lose.
    private func suspend(_ losses: [LossWatch.Loss], at now: UInt64) {
        guard !losses.isEmpty else { return }
        let names = losses.map { "\($0.frames) on \($0.name)" }.joined(separator: ", ")
        if attachments.leaveXDP() {
            _ = try? attachments.refresh()
            log.error("frames that XDP should have sent are lost (\(names)): going on with tc")
            return
        }
        // It fails when the interface is gone, and with it what would be sent there.
        for loss in losses { try? attachments.suspend(loss.index, until: now &+ Self.suspension) }
        log.error("frames that the kernel should have sent are lost (\(names)): going on in user space for 30 s")
    }

    /// Puts the program on all interfaces when streams' packets come to user space that it has not even seen.
    private func widen(astray: Int, passed: UInt64) {
        guard astray > 0, passed < UInt64(astray), attachments.widen() else { return }
        let names = attachments.list.map(\.interface).sorted().joined(separator: ", ")
        log.notice(
            "packets of \(astray) streams come by other interfaces than \(names): the kernel forwards on all now")
        _ = try? attachments.refresh()
    }
}
