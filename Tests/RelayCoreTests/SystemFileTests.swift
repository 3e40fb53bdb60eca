import RelayCore
import RelayTestSupport
import Testing
import WireFormat

@Suite("Files of the kernel")
struct SystemFileTests {
    @Test("are read to their end, however many pages they have")
    func long() async throws {
        let address = IPAddress(ipv4: 0x7F00_0001)
        var sockets: [UDPSocket] = []
        defer { for socket in sockets { socket.close() } }
        // About 128 octets each.
        for _ in 0..<200 { sockets.append(try UDPSocket.open(at: TransportAddress(address, port: 0), tos: 0)) }
        let ours = try sockets.map { TransportAddress(address, port: try $0.localPort()) }
        // The kernel goes by the number of the line from page to page: while other tests close sockets, some are passed over.
        _ = try await eventually("a look at all of them") {
            Set(OpenSockets.local(.udp)).isSuperset(of: ours) ? true : nil
        }
        #expect(SystemFile.text("/proc/self/nothing") == nil)
    }
}
