internal import DaemonOptions
internal import NIOCore
internal import RelayCore
internal import WireFormat

extension HostNetwork {
    /// This host's devices, and whatever its resolver knows.
    static let current = HostNetwork(
        deviceAddresses: {
            // A host that does not tell its devices has none that we could name.
            let devices = (try? System.enumerateDevices()) ?? []
            return devices.compactMap { device in
                guard let text = device.address?.ipAddress, let address = IPAddress(text) else { return nil }
                return DeviceAddress(device: device.name, address: address)
            }
        },
        resolve: { HostResolver.addresses(of: $0) })
}
