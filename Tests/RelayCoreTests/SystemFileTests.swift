import RelayCore
import RelayTestSupport
import Testing
import WireFormat

@Suite("Files of the kernel")
struct SystemFileTests {
    @Test("are read to their end, however many pages they have")
    func long() throws {
        let address = IPAddress(ipv4: 0x7F00_0001)
        var sockets: [UDPSocket] = []
        defer { for socket in sockets { socket.close() } }
        // About 128 octets each.
        for _ in 0..<200 { sockets.append(try UDPSocket.open(at: TransportAddress(address, port: 0), tos: 0)) }
        let open = Set(OpenSockets.local(.udp))
        for socket in sockets { #expect(open.contains(TransportAddress(address, port: try socket.localPort()))) }
        #expect(SystemFile.text("/proc/self/nothing") == nil)
    }
}
