package import NIOCore
internal import RelayCore
package import WireFormat

extension HostNetwork {
    /// The host that we run on: its devices, and whatever its resolver knows.
    package static let current = HostNetwork(
        deviceAddresses: {
            // A host that does not tell its devices has none that we could name.
            ((try? System.enumerateDevices()) ?? []).compactMap { device in
                device.mediaAddress.map { DeviceAddress(device: device.name, address: $0) }
            }
        },
        resolve: { HostResolver.addresses(of: $0) })
}

extension NIONetworkDevice {
    /// Its address as the relay writes addresses.
    package var mediaAddress: IPAddress? { address?.ipAddress.flatMap { IPAddress($0) } }
}
