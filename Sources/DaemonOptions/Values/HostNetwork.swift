package import WireFormat

/// What names mean on this host: network devices and host names.
package struct HostNetwork: Sendable {
    /// A network device with one of its addresses.
    package struct DeviceAddress: Sendable {
        package let device: String
        package let address: IPAddress

        package init(device: String, address: IPAddress) { (self.device, self.address) = (device, address) }
    }

    private let deviceAddresses: @Sendable () -> [DeviceAddress]
    private let resolve: @Sendable (String) -> [IPAddress]

    /// - Parameters:
    ///   - deviceAddresses: all addresses of all devices.
    ///   - resolve: the addresses of a host name; none when there is no such host.
    package init(
        deviceAddresses: @escaping @Sendable () -> [DeviceAddress], resolve: @escaping @Sendable (String) -> [IPAddress]
    ) { (self.deviceAddresses, self.resolve) = (deviceAddresses, resolve) }

    /// A host that knows no names.
    package static let none = HostNetwork(deviceAddresses: { [] }, resolve: { _ in [] })

    /// Every address that others can reach us at: none of the loopback device, none that means something on one link
    /// only.
    var reachable: [IPAddress] { deviceAddresses().map(\.address).filter(Self.isReachable) }

    /// The addresses behind a name: a device's, else a host's.
    func addresses(of name: String) -> [IPAddress] {
        let own = deviceAddresses().filter { $0.device == name }.map(\.address)
        guard own.isEmpty else { return own.filter { !$0.isLinkLocal } }
        return resolve(name)
    }

    private static func isReachable(_ address: IPAddress) -> Bool {
        !address.isLoopback && !address.isLinkLocal && !address.isMulticast && !address.isUnspecified
    }
}
