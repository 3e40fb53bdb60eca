internal import NIOCore
internal import NIOPosix
internal import RelayCore
internal import WireFormat

extension ServerBootstrap {
    /// Listens at an address, which need not be on this host: it moves to whoever serves it, and is not here yet when the
    /// relay starts before the network.
    func listen(at local: TransportAddress) async throws -> any Channel {
        do {
            // Beside one for all IPv4 addresses there is one for all of IPv6.
            let isIPv6 = local.address.family == .ipv6
            return try await (isIPv6 ? serverChannelOption(.isIPv6Only, value: 1) : self)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelOption(.freeBind(local.address.family), value: 1)
                .bind(to: SocketAddress(ipAddress: local.address.description, port: Int(local.port))).get()
        } catch let error as IOError {
            // NIO's own error does not name the address.
            throw SystemError(errno: error.errnoCode, operation: "listen on TCP \(local)")
        }
    }
}

extension ChannelOption where Self == ChannelOptions.Types.SocketOption {
    /// IPV6_V6ONLY (<linux/in6.h>); NIO's own default is both.
    fileprivate static var isIPv6Only: Self { Self(level: .ipv6, name: NIOBSDSocket.Option(rawValue: 26)) }

    fileprivate static func freeBind(_ family: AddressFamily) -> Self {
        // IP_FREEBIND and IPV6_FREEBIND (<linux/in.h>, <linux/in6.h>), which NIO has no names for.
        switch family {
        case .ipv4: Self(level: .ip, name: NIOBSDSocket.Option(rawValue: 15))
        case .ipv6: Self(level: .ipv6, name: NIOBSDSocket.Option(rawValue: 78))
        }
    }
}
