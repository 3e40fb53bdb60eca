import CBench
import CLinux
import Glibc
import WireFormat

/// A non-blocking UDP socket; closed with its last reference.
final class UDPSocket {
    let descriptor: Int32
    /// Where it is bound.
    let local: TransportAddress

    /// - Parameter local: port 0 lets the kernel choose one.
    init(local: TransportAddress) throws(BenchError) {
        var address = clinux_address(local)
        // SAFETY: the shim only reads the address, and only during the call.
        let opened = unsafe clinux_udp_open(&address, 0, 0)
        descriptor = try checked(opened, "open a UDP socket on \(local)")
        // SAFETY: as above; the descriptor is ours.
        unsafe _ = cbench_udp_local(descriptor, &address)
        self.local = TransportAddress(address) ?? local
    }

    deinit { _ = clinux_close(descriptor) }

    /// Asks the kernel to tell when a datagram arrived, and with which TOS or traffic class.
    func requestArrival(timestamp: Bool, tos: Bool) throws(BenchError) {
        let extras = (timestamp ? CBENCH_UDP_TIMESTAMP.rawValue : 0) | (tos ? CBENCH_UDP_TOS.rawValue : 0)
        try checked(
            cbench_udp_request(descriptor, Int32(local.address.family.rawValue), Int32(extras)),
            "ask for arrival times")
    }

    /// Asks for buffers of this many bytes; returns what the receive buffer really has.
    func setBuffers(_ bytes: Int) throws(BenchError) -> Int {
        Int(try checked(cbench_udp_set_buffers(descriptor, Int32(bytes), Int32(bytes)), "set socket buffers"))
    }

    func setTOS(_ tos: Int) throws(BenchError) {
        try checked(
            clinux_udp_set_tos(descriptor, Int32(local.address.family.rawValue), Int32(tos)), "set the TOS")
    }

    /// Fixes the peer, so that nobody listening there is an error and not silence.
    func connect(to peer: TransportAddress) throws(BenchError) {
        var address = clinux_address(peer)
        // SAFETY: the shim only reads the address, and only during the call.
        try checked(unsafe cbench_udp_connect(descriptor, &address), "reach \(peer)")
    }

    /// Datagrams that the kernel dropped here because nobody read them in time.
    var drops: Int { max(0, Int(clinux_udp_drops(descriptor))) }

    /// Sends one datagram; `nil` means that there was no room.
    func send(_ datagram: [UInt8], to destination: TransportAddress) throws(BenchError) -> Int? {
        var address = clinux_address(destination)
        // SAFETY: pointer and length come from the same array, and the shim reads both only during the call.
        let sent = unsafe datagram.withUnsafeBytes { bytes in
            unsafe clinux_udp_send(descriptor, bytes.baseAddress, bytes.count, &address)
        }
        return sent == -Int(EAGAIN) ? nil : try checked(sent, "send to \(destination)")
    }

    /// Receives one datagram; `nil` if none is waiting.
    func receive(into buffer: inout [UInt8]) throws(BenchError) -> Int? {
        var source = clinux_address()
        // SAFETY: pointer and capacity come from the same array; the shim writes at most that much during the call.
        let received = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe clinux_udp_receive(descriptor, bytes.baseAddress, bytes.count, &source)
        }
        return received == -Int(EAGAIN) ? nil : min(try checked(received, "receive"), buffer.count)
    }

    /// Waits until a datagram is there; false after `nanoseconds` or a signal.
    func waitForInput(nanoseconds: UInt64) throws(BenchError) -> Bool {
        try checked(cbench_wait_input(descriptor, nanoseconds), "wait") > 0
    }

    /// The local address that packets to `peer` leave from; nothing is sent.
    static func localAddress(towards peer: TransportAddress) throws(BenchError) -> IPAddress {
        let probe = try UDPSocket(local: TransportAddress(.unspecified(peer.address.family), port: 0))
        try probe.connect(to: peer)
        var address = clinux_address()
        // SAFETY: the shim writes the address during the call.
        try checked(unsafe cbench_udp_local(probe.descriptor, &address), "find the own address")
        return TransportAddress(address)?.address ?? probe.local.address
    }
}

extension clinux_address {
    init(_ address: TransportAddress) {
        self.init(
            high: address.address.high, low: address.address.low, port: address.port,
            family: address.address.family.rawValue)
    }
}

extension TransportAddress {
    /// `nil` when the shim had no address to give.
    init?(_ address: clinux_address) {
        switch address.family {
        case 4: self.init(IPAddress(ipv4: UInt32(truncatingIfNeeded: address.low)), port: address.port)
        case 6: self.init(IPAddress(ipv6High: address.high, low: address.low), port: address.port)
        default: return nil
        }
    }
}
