import Logging
import RelayTestSupport
import Synchronization
import Testing
import WireFormat

@testable import RelayCore
@testable import RelayKernel

extension KernelTests {
    /// The plane in this process, with telephones on the same host: what goes to them never leaves it.
    @Suite("The plane's word")
    struct KernelPlaneTests {
        @Test("streams whose packets the kernel cannot forward are not said to be there", .timeLimit(.minutes(1)))
        func localDestination() async throws {
            let network = try TestNetwork("kt-word")
            defer { network.remove() }
            let plane = Mutex<KernelPlane?>(nil)
            let call = try await UserPlaneCall(.each) { (user: UserPlane) throws(SystemError) in
                let made = try KernelPlane(KernelPlane.Configuration(), over: user, log: Logger(label: "test"))
                plane.withLock { $0 = made }
                return made
            }
            defer { call.close() }
            let kernel = try #require(plane.withLock { $0 })
            _ = try await eventually("both streams have a flow", every: .milliseconds(20)) {
                try await call.exchange(packets: 1)
                return kernel.installedCount >= 2 ? true : nil
            }
            _ = try await eventually("they are found astray", within: .seconds(5), every: .milliseconds(20)) {
                try await call.exchange(packets: 1)
                return kernel.sweep() >= 2 ? true : nil
            }
            let report = try #require(call.relay.query(callID: call.id))
            #expect(report.sides.flatMap(\.media).flatMap(\.streams).allSatisfy { !$0.counters.isKernelized })
            #expect(kernel.flowCount == 0 && !kernel.carriesCalls)
            #expect(call.relay.planeTotals.kernel.streams == 0)
            #expect(call.relay.planeTotals.user.streams == 2)
        }
    }
}
