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
        @Test("streams whose packets the kernel cannot forward are not said to be there", .timeLimit(.minutes(10)))
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
            _ = try await eventually("they are found astray", every: .milliseconds(20)) {
                try await call.exchange(packets: 1)
                return kernel.sweep() >= 2 ? true : nil
            }
            let report = try #require(call.relay.query(callID: call.id))
            #expect(report.sides.flatMap(\.media).flatMap(\.streams).allSatisfy { !$0.counters.isKernelized })
            #expect(kernel.flowCount == 0 && !kernel.carriesCalls)
            #expect(call.relay.planeTotals.kernel.streams == 0)
            #expect(call.relay.planeTotals.user.streams == 2)
        }

        @Test("no flow outlives a command, however fast re-offers come while packets flow", .timeLimit(.minutes(10)))
        func storm() async throws {
            let network = try TestNetwork("kt-storm")
            defer { network.remove() }
            let plane = Mutex<KernelPlane?>(nil)
            let call = try await UserPlaneCall(.each, ports: 200) { (user: UserPlane) throws(SystemError) in
                let made = try KernelPlane(KernelPlane.Configuration(), over: user, log: Logger(label: "test"))
                plane.withLock { $0 = made }
                return made
            }
            defer { call.close() }
            let kernel = try #require(plane.withLock { $0 })
            var homes: [UDPEndpoint] = []
            for number in 0..<4 {
                homes.append(try await UDPEndpoint(at: call.callee.local.with(port: 61_000 + 2 * UInt16(number))))
            }
            defer { for home in homes { home.close() } }
            for round in 0..<200 {
                // The callee moves; what it was told to send to stays.
                let home = homes[round % homes.count]
                let (callers, callees) = try call.move(to: home.local)
                let flows = kernel.table.flows.all.values
                let targets = Set(flows.flatMap { [$0.rtp, $0.rtcp] }.compactMap { $0?.to })
                #expect(targets.isSubset(of: [call.caller.local, home.local]), "round \(round)")
                for _ in 0...round % 3 {
                    try await home.send(call.rtp(172), to: callees)
                    try await call.caller.send(call.rtp(172), to: callers)
                }
                // Every now and then there is something to outlive the next command.
                if round % 10 == 9 {
                    _ = try await eventually("both are in the kernel") {
                        try await home.send(call.rtp(172), to: callees)
                        try await call.caller.send(call.rtp(172), to: callers)
                        return kernel.installedCount >= 2 ? true : nil
                    }
                }
            }
        }
    }
}
