import RelayCore
import Testing
import WireFormat

/// On loopback a datagram is at the receiver when the call that sends it returns.
@Suite("Control messages come and go several at a time")
struct ControlSocketTests {
    private func bound(_ address: String) throws -> (socket: ControlSocket, at: TransportAddress) {
        let address = try #require(IPAddress(address))
        let socket = try ControlSocket(at: TransportAddress(address, port: 0), tos: 0)
        return (socket, TransportAddress(address, port: try socket.udp.localPort()))
    }

    private func text(_ messages: [ControlMessage]) -> [String] {
        messages.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    private func all(_ socket: ControlSocket) -> [ControlMessage] {
        var all: [ControlMessage] = []
        while case let messages = socket.receive(), !messages.isEmpty { all += messages }
        return all
    }

    @Test("What waits is received whole and in order, from whoever sent it", arguments: ["127.0.0.1", "::1"])
    func receives(_ address: String) throws {
        let (server, at) = try bound(address)
        #expect(server.receive().isEmpty)
        let clients = try [bound(address), bound(address)]
        for number in 0..<40 {
            #expect(clients[number % 2].socket.send(Array("\(number)".utf8), to: at, from: nil) == 0)
        }
        let messages = all(server)
        #expect(text(messages) == (0..<40).map { "\($0)" })
        #expect(messages.map(\.source) == (0..<40).map { clients[$0 % 2].at })
        let largest = [UInt8](repeating: 1, count: 65_000)
        #expect(clients[0].socket.send(largest, to: at, from: nil) == 0)
        #expect(server.receive().map(\.bytes) == [largest])
    }

    @Test("Answers leave from the address that was asked, also when they are sent together")
    func answersFromWhereItWasAsked() throws {
        let (server, at) = try bound("0.0.0.0")
        let (client, _) = try bound("127.0.0.1")
        let asked = ["127.0.0.1", "127.0.0.2", "127.0.0.3"].compactMap { IPAddress($0) }
        for address in asked { #expect(client.send([1], to: TransportAddress(address, port: at.port), from: nil) == 0) }
        let messages = all(server)
        #expect(messages.compactMap(\.local?.address) == asked)
        server.hold()
        for message in messages { #expect(server.send([2], to: message.source, from: message.local) == 0) }
        #expect(client.receive().isEmpty)
        #expect(server.sendHeld() == 0)
        #expect(all(client).map(\.source) == asked.map { TransportAddress($0, port: at.port) })
        #expect(server.send([3], to: messages[0].source, from: messages[0].local) == 0)
        #expect(client.receive().map(\.bytes) == [[3]])
    }

    @Test("More than there is room for is sent on the way; what the kernel refuses is counted and keeps nobody waiting")
    func refused() throws {
        let (server, _) = try bound("127.0.0.1")
        let (client, at) = try bound("127.0.0.1")
        server.hold()
        var refused = 0
        for number in 0..<50 {
            let bytes = number % 10 == 0 ? [UInt8](repeating: 0, count: 65_530) : Array("\(number)".utf8)
            refused += server.send(bytes, to: at, from: nil)
        }
        refused += server.send([UInt8](repeating: 0, count: 70_000), to: at, from: nil)
        refused += server.sendHeld()
        #expect(refused == 6)
        #expect(text(all(client)) == (0..<50).filter { $0 % 10 != 0 }.map { "\($0)" })
    }
}
