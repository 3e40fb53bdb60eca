import CRelayKernel
import Foundation
import Logging
import RelayTestSupport
import Testing

@testable import RelayCore
@testable import RelayKernel

extension KernelTests {
    /// The program on interfaces.
    @Suite("Attachment")
    struct AttachmentTests {
        private func filters(_ network: TestNetwork) throws -> String {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try Executables.require("tc"))
            process.arguments = ["filter", "show", "dev", network.name, "ingress"]
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return text
        }

        @Test("a tc filter stays, is replaced and removed, where the kernel has no tcx")
        func classifier() throws {
            let network = try TestNetwork("kt-filter")
            defer { network.remove() }
            let device = try #require(try NetworkDevice.all().first { $0.name == network.name })
            for _ in 0..<2 {
                let table = try KernelTable(number: nil)
                _ = try Attachment(.clsact, to: device, of: table, number: 5)
                let text = try filters(network)
                #expect(text.components(separatedBy: "handle 0x7e1a0005").count == 2, "one filter: \(text)")
            }
            // The first table is gone with its process, so to say; the filter is now the second one's.
            Classifier.detach(from: device.index, table: 6)
            #expect(try filters(network).contains("relay_tc"), "another table's")
            Classifier.detach(from: device.index, table: 5)
            #expect(!(try filters(network)).contains("relay_tc"))
        }

        @Test("XDP proves that frames are sent: not on veth with a bare peer, but with a program there")
        func proof() throws {
            let network = try TestNetwork("kt-proof")
            defer { network.remove() }
            func device(_ name: String) throws -> NetworkDevice {
                try #require(try NetworkDevice.all().first { $0.name == name })
            }
            let table = try KernelTable(number: nil)
            #expect(throws: SystemError.self) {
                _ = try Attachment(.xdp, to: try device(network.name), of: table, number: nil)
            }
            // The peer's own proof fails as this one's did, but its program would do.
            let peer = try Attachment.unproved(on: try device(network.name + "p"), of: table)
            let attachment = try Attachment(.xdp, to: try device(network.name), of: table, number: nil)
            attachment.detach(of: table, number: nil)
            withExtendedLifetime(peer) {}
        }

        @Test("chooses tc on veth, and forgets an interface that is gone")
        func choice() throws {
            let network = try TestNetwork("kt-choice")
            defer { network.remove() }
            let table = try KernelTable(number: nil)
            var wish = Attachments.Wish()
            wish.addresses = [KernelTests.ProgramTests.ours.four]
            let attachments = Attachments(wish, table: table, number: nil, log: Logger(label: "test"))
            #expect(try attachments.refresh() == 1)
            #expect(attachments.list.map(\.interface) == [network.name])
            #expect(attachments.list.map(\.kind).allSatisfy { ["tcx", "clsact"].contains($0) })
            network.remove()
            // No interface has the address now: all others may bring packets for it.
            #expect(try attachments.refresh() == 0 || !attachments.list.contains { $0.interface == network.name })
        }

        @Test("a plane without any interface waits for one, unless it has to have one from the start")
        func nothingToAttachTo() throws {
            var configuration = KernelPlane.Configuration()
            configuration.interfaces = ["kt-absent"]
            func plane() throws -> KernelPlane {
                let user = try UserPlane(threads: 1, capacity: 4, isPinned: false, listener: try Poller())
                do throws(SystemError) {
                    return try KernelPlane(configuration, over: user, log: Logger(label: "test"))
                } catch {
                    user.stop()
                    throw error
                }
            }
            let waiting = try plane()
            #expect(waiting.attachments.isEmpty)
            waiting.stop()
            configuration.requiresInterface = true
            let refusal = try #require(throws: SystemError.self) { _ = try plane() }
            #expect(refusal.errno == ENODEV)
        }
    }
}
