internal import DaemonOptions
internal import Logging
internal import RelayCore
internal import RelayFailover
internal import RelayKernel
internal import RelayOperations
internal import ServiceLifecycle
internal import Synchronization

/// The kernel's part in forwarding, as far as the options want it and the system allows it.
final class KernelForwarding: MetricSource {
    private let configuration: Configuration
    private let log: Logger
    private let kernel = Mutex<KernelPlane?>(nil)

    init(_ configuration: Configuration, log: Logger) { (self.configuration, self.log) = (configuration, log) }

    /// The plane that the relay is to use.
    func plane(over user: UserPlane) throws(SystemError) -> any ForwardingPlane {
        guard configuration.table >= 0 else { return user }
        var wanted = KernelPlane.Configuration()
        wanted.table = configuration.table
        wanted.interfaces = configuration.kernelInterfaces
        wanted.attach = AttachmentChoice(rawValue: configuration.kernelAttach.rawValue) ?? .auto
        wanted.addresses = (configuration.interfaces + configuration.backupInterfaces)
            .compactMap { MediaInterface($0)?.local }
        wanted.ports =
            Set(wanted.addresses).count * (Int(configuration.portMax) - Int(configuration.portMin) + 1)
        // The daemon has refused what cannot be read before it came here.
        wanted.announcing = configuration.announce.flatMap { AnnounceMethod($0) }?.interfaces ?? []
        wanted.orphanSilence = .seconds(configuration.timeout)
        wanted.requiresInterface = configuration.noFallback
        do throws(SystemError) {
            let plane = try KernelPlane(wanted, over: user, log: log)
            kernel.withLock { $0 = plane }
            return plane
        } catch {
            if configuration.noFallback {
                user.stop()
                throw error
            }
            log.warning("no forwarding in the kernel, all packets go through user space: \(error)")
            takeDownLeftovers()
            return user
        }
    }

    /// Flows of an earlier process would go on past this one: live calls would seem silent, deleted ones would not end, and
    /// ports that are given to new calls would still belong to old ones.
    private func takeDownLeftovers() {
        do throws(SystemError) {
            guard try KernelTable.flush(configuration.table) else { return }
            log.warning("what an earlier process forwarded in the kernel, table \(configuration.table), is taken down")
        } catch {
            log.warning("an earlier process may still forward in the kernel, table \(configuration.table): \(error)")
        }
    }

    /// Takes down what the last relay with this table has left in the kernel.
    static func flush(_ configuration: Configuration, log: Logger) throws {
        let isDone = try KernelTable.flush(configuration.table)
        log.notice(isDone ? "table \(configuration.table) is gone" : "there is no table \(configuration.table)")
    }

    /// All calls that are known have been restored: what is left in the kernel belongs to calls that are over.
    func callsAreRestored() {
        guard let count = kernel.withLock({ $0 })?.forgetUnclaimedFlows(), count > 0 else { return }
        log.notice("removed \(count) kernel flows of calls that are over")
    }

    /// An earlier process has left flows that no call has claimed.
    var hasUnclaimedFlows: Bool { kernel.withLock { $0 }.map { $0.unclaimedFlows > 0 } ?? false }

    /// Calls go on in the kernel when this process does not.
    var carriesCalls: Bool { kernel.withLock { $0 }?.carriesCalls ?? false }

    func collect(into metrics: inout MetricWriter) {
        guard let kernel = kernel.withLock({ $0 }) else { return }
        let verdicts = kernel.verdicts()
        metrics.gauge("relay_kernel_streams", kernel.flowCount, help: "Streams that the kernel forwards.")
        metrics.gauge("relay_kernel_capacity", kernel.capacity, help: "Ports that the kernel has room for.")
        for (reason, streams, times) in kernel.shortages {
            metrics.gauge(
                "relay_kernel_left_out", streams, help: "Streams in user space for which the kernel has no room.",
                labels: ["reason": reason])
            metrics.counter(
                "relay_kernel_refused_total", times, help: "How often the kernel had no room for a stream.",
                labels: ["reason": reason])
        }
        metrics.gauge(
            "relay_kernel_carries_calls", kernel.carriesCalls ? 1 : 0,
            help: "Whether calls would go on in the kernel if this process died.")
        metrics.counter("relay_kernel_packets_total", verdicts.forwarded, help: "Packets forwarded in the kernel.")
        metrics.counter("relay_kernel_bytes_total", verdicts.bytes, help: "UDP payloads forwarded in the kernel.")
        metrics.counter(
            "relay_kernel_rtcp_unread_total", verdicts.lostReports,
            help: "RTCP packets that were forwarded in the kernel and not looked at.")
        for (reason, packets) in verdicts.passed {
            metrics.counter(
                "relay_kernel_passed_total", packets, help: "Packets passed up to user space.",
                labels: ["reason": reason])
        }
        for (interface, kind) in kernel.attachments {
            metrics.gauge(
                "relay_kernel_attached", 1, help: "Interfaces that the kernel forwards on.",
                labels: ["interface": interface, "kind": kind])
        }
    }
}

/// Has the kernel forget what no call has claimed, once all calls are known. Without a store they never are: then the flows that
/// an earlier process has left go on until they fall silent, and its program on other interfaces until the last one has.
struct AdoptionService: Service {
    let kernel: KernelForwarding
    let shared: SharedCalls?

    private var allCallsAreKnown: Bool { shared.map(\.isRestored) ?? !kernel.hasUnclaimedFlows }

    func run() async throws {
        while !allCallsAreKnown {
            do { try await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) } } catch { return }
        }
        kernel.callsAreRestored()
        try await gracefulShutdown()
    }
}
