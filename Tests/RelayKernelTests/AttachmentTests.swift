import CRelayKernel
import Foundation
import Logging
import RelayTestSupport
import Synchronization
import Testing
import WireFormat

@testable import RelayCore
@testable import RelayKernel

extension KernelTests {
    /// The program on interfaces.
    @Suite("Attachment")
    struct AttachmentTests {
        private func filters(_ network: TestNetwork) throws -> String {
            try TestNetwork.run("tc", "filter", "show", "dev", network.name, "ingress")
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
            #expect(try KernelTable.flush(5), "although nothing is pinned")
            #expect(!(try filters(network)).contains("relay_tc"))
            #expect(try !KernelTable.flush(5))
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

        @Test("what others send is no proof")
        func proofBesideOthers() async throws {
            let network = try TestNetwork("kt-busy")
            defer { network.remove() }
            let device = try #require(try NetworkDevice.all().first { $0.name == network.name })
            let socket = try UDPSocket.open(at: try #require(TransportAddress("192.0.2.1:4000")), tos: 0)
            defer { socket.close() }
            let neighbour = try #require(TransportAddress("192.0.2.10:4000"))
            let isOver = Flag()
            // A thread of its own: tasks of other tests would make it pause.
            let others = try SystemThread(name: "others") {
                while !isOver.value.load(ordering: .relaxed) { _ = socket.send([0], to: neighbour) }
            }
            defer {
                isOver.value.store(true, ordering: .relaxed)
                others.join()
            }
            _ = try await eventually("others send") { try device.countSent().frames > 1000 ? true : nil }
            let table = try KernelTable(number: nil)
            #expect(throws: SystemError.self) {
                _ = try Attachment(.xdp, to: device, of: table, number: nil)
            }
        }

        private final class Flag: Sendable {
            let value = Atomic(false)
        }

        @Test("XDP is told to send only through interfaces that have it")
        func outputs() throws {
            let network = try TestNetwork("kt-xdp")
            defer { network.remove() }
            try TestNetwork.ip("link add kt-plain up type veth peer name kt-plainp")
            defer { _ = try? TestNetwork.ip("link del kt-plain") }
            let table = try KernelTable(number: nil)
            let devices = try NetworkDevice.all()
            let peer = try #require(devices.first { $0.name == "kt-xdpp" })
            let plain = try #require(devices.first { $0.name == "kt-plain" })
            let program = try Attachment.unproved(on: peer, of: table)
            var wish = Attachments.Wish()
            (wish.interfaces, wish.choice) = ([network.name, plain.name], .xdp)
            let attachments = Attachments(wish, table: table, number: nil, log: Logger(label: "test"))
            #expect(try attachments.refresh() == 1)
            func carrier(_ index: UInt32) throws -> UInt32? {
                var output = relay_interface()
                return try table.interfaces.lookUp(index, into: &output) ? output.carrier : nil
            }
            #expect(try carrier(network.index) == network.index)
            #expect(try carrier(plain.index) == 0)
            withExtendedLifetime(program) {}
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

        @Test("an interface that gets another name is known by it; one that was asked for by name is another one then")
        func renamed() throws {
            let network = try TestNetwork("kt-before")
            defer { network.remove() }
            defer { _ = try? TestNetwork.ip("link del kt-after") }
            func rename(_ old: String, _ new: String) throws {
                // Older kernels rename no interface that is up.
                try TestNetwork.ip("link set \(old) down\nlink set \(old) name \(new)\nlink set \(new) up")
            }
            func attachments(_ change: (inout Attachments.Wish) -> Void) throws -> Attachments {
                var wish = Attachments.Wish()
                wish.choice = .tc
                change(&wish)
                let attachments = Attachments(
                    wish, table: try KernelTable(number: nil), number: nil, log: Logger(label: "test"))
                #expect(try attachments.refresh() == 1)
                #expect(attachments.list.map(\.interface) == ["kt-before"])
                return attachments
            }
            let byAddress = try attachments { $0.addresses = [KernelTests.ProgramTests.ours.four] }
            let byName = try attachments { $0.interfaces = ["kt-before"] }
            try rename("kt-before", "kt-after")
            #expect(try byAddress.refresh() == 1)
            #expect(byAddress.list.map(\.interface) == ["kt-after"])
            #expect(try byName.refresh() == 0)
            try rename("kt-after", "kt-before")
            #expect(try byName.refresh() == 1)
            #expect(byName.list.map(\.interface) == ["kt-before"])
        }

        /// A second pair beside the test's own, with an address on our side.
        private func beside(_ name: String, _ address: String) throws {
            try TestNetwork.ip(
                """
                link add \(name) type veth peer name \(name)p
                addr add \(address) dev \(name)
                link set \(name) up
                link set \(name)p up
                """)
        }

        private func chosen(_ addresses: [String], announcing: [String] = []) throws -> Set<String> {
            var wish = Attachments.Wish()
            wish.addresses = try addresses.map { try #require(IPAddress($0)) }
            (wish.announcing, wish.choice) = (announcing, .tc)
            let attachments = Attachments(
                wish, table: try KernelTable(number: nil), number: nil, log: Logger(label: "test"))
            try attachments.refresh()
            return Set(attachments.list.map(\.interface))
        }

        @Test("packets for an address that is by itself on an interface come by any other")
        func deadEnd() throws {
            let network = try TestNetwork("kt-way")
            defer { network.remove() }
            try beside("kt-nowhere", "203.0.113.1/32")
            defer { _ = try? TestNetwork.ip("link del kt-nowhere") }
            #expect(try chosen(["203.0.113.1"]).isSuperset(of: ["kt-way", "kt-wayp", "kt-nowhere"]))
            #expect(try chosen(["203.0.113.1"], announcing: ["kt-nowhere"]).contains("kt-nowhere") == false)
            // One that is on a network has no need of the others.
            #expect(try chosen(["192.0.2.1"]) == ["kt-way"])
            #expect(try chosen(["192.0.2.1"], announcing: ["kt-way"]).contains("kt-nowhere"))
            #expect(try chosen(["192.0.2.1", "203.0.113.1"]).contains("kt-wayp"), "one such is enough")
            // Nor one that its host's way out belongs to, as clouds have it.
            try TestNetwork.ip("route add default dev kt-nowhere")
            #expect(try chosen(["203.0.113.1"]) == ["kt-nowhere"])
        }

        @Test("what comes by a port of a bridge belongs to the bridge, unless the port is asked for by name")
        func ports() throws {
            let network = try TestNetwork("kt-port")
            defer { network.remove() }
            try beside("kt-lonely", "203.0.113.1/32")
            defer { _ = try? TestNetwork.ip("link del kt-lonely") }
            let table = try KernelTable(number: nil)
            var wish = Attachments.Wish()
            (wish.addresses, wish.choice) = ([try #require(IPAddress("203.0.113.1"))], .tc)
            let attachments = Attachments(wish, table: table, number: nil, log: Logger(label: "test"))
            func refresh() throws -> Set<String> {
                try attachments.refresh()
                return Set(attachments.list.map(\.interface))
            }
            #expect(try refresh().contains("kt-port"))
            try TestNetwork.ip("link add kt-bridge up type bridge\nlink set kt-port master kt-bridge")
            defer { _ = try? TestNetwork.ip("link del kt-bridge") }
            let now = try refresh()
            #expect(now.contains("kt-bridge") && !now.contains("kt-port"))
            var output = relay_interface()
            #expect(try !table.interfaces.lookUp(network.index, into: &output), "no route leads there")
            wish.interfaces = ["kt-port"]
            let named = Attachments(wish, table: table, number: nil, log: Logger(label: "test"))
            #expect(try named.refresh() == 1)
            try TestNetwork.ip("link set kt-port nomaster")
            #expect(try refresh().contains("kt-port"))
        }

        @Test("interfaces are told by what they are")
        func devices() throws {
            let network = try TestNetwork("kt-told")
            defer { network.remove() }
            let devices = try NetworkDevice.all()
            let device = try #require(devices.first { $0.index == network.index })
            #expect((device.name, device.kind, device.hardware) == ("kt-told", "veth", network.hardware))
            #expect(device.isUp && device.isUsable && !device.isPort && device.hasDriver)
            #expect((device.carrier, device.vlan) == (0, 0), "a pair's other end is no carrier")
            let loopback = try #require(devices.first { $0.name == "lo" })
            #expect(!loopback.isUsable)
        }

        @Test("interfaces that only an earlier process wanted keep the program until all calls are known")
        func earlier() throws {
            let network = try TestNetwork("kt-early")
            defer { network.remove() }
            try beside("kt-late", "203.0.113.1/32")
            defer { _ = try? TestNetwork.ip("link del kt-late") }
            try TestHost.mountFileSystem()
            let number = 39_000 + Int(ProcessInfo.processInfo.processIdentifier % 1000)
            func attach(_ name: String) throws -> (KernelTable, Attachments) {
                let table = try KernelTable(number: number)
                var wish = Attachments.Wish()
                (wish.interfaces, wish.choice) = ([name], .tc)
                let attachments = Attachments(wish, table: table, number: number, log: Logger(label: "test"))
                #expect(try attachments.refresh() == 1)
                return (table, attachments)
            }
            func links(_ table: KernelTable) -> Int { table.pins?.names.count { $0.hasPrefix("tcx-") } ?? -1 }
            let isLink = try links(attach("kt-early").0) == 1  // else a filter, on a kernel without tcx
            let (table, attachments) = try attach("kt-late")
            defer { table.pins?.clear() }
            #expect(links(table) == (isLink ? 2 : 0))
            attachments.forgetOthers()
            #expect(links(table) == (isLink ? 1 : 0))
            let text = try filters(network)
            #expect(isLink || !text.contains("relay_tc"))
        }

        @Test("packets may come by the interface that leads to the Internet, wherever the address is")
        func wayOut() throws {
            let network = try TestNetwork("kt-local")
            defer { network.remove() }
            try beside("kt-uplink", "198.51.100.1/24")
            defer { _ = try? TestNetwork.ip("link del kt-uplink") }
            #expect(try chosen(["192.0.2.1"]) == ["kt-local"])
            try TestNetwork.ip("route add default via 198.51.100.2")
            var wish = Attachments.Wish()
            (wish.addresses, wish.choice) = ([KernelTests.ProgramTests.ours.four], .tc)
            let attachments = Attachments(
                wish, table: try KernelTable(number: nil), number: nil, log: Logger(label: "test"))
            #expect(try attachments.refresh() == 2)
            // A route that flaps takes nothing back.
            try TestNetwork.ip("route del default")
            #expect(try attachments.refresh() == 2)
            #expect(Set(attachments.list.map(\.interface)) == ["kt-local", "kt-uplink"])
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
