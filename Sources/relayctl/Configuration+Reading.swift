internal import ArgumentParser
internal import DaemonOptions
internal import Foundation
internal import NIOCore
internal import RelayCore
internal import WireFormat

extension Configuration {
    /// The options that a relay with these arguments would have.
    init(reading arguments: [String]) throws {
        let host = HostNetwork(
            deviceAddresses: {
                ((try? System.enumerateDevices()) ?? []).compactMap { device in
                    guard let address = device.mediaAddress else { return nil }
                    return HostNetwork.DeviceAddress(device: device.name, address: address)
                }
            }, resolve: { HostResolver.addresses(of: $0) })
        do {
            let result = try Configuration.parse(arguments: arguments, host: host) { path in
                (try? String(contentsOfFile: path, encoding: .utf8)).map { .text($0) } ?? .missing
            }
            guard case .run(let configuration, _) = result else { throw ValidationError("no options") }
            self = configuration
        } catch let error as OptionError {
            throw ValidationError("\(error)")
        }
    }
}

extension NIONetworkDevice {
    /// Its address as the relay writes addresses.
    var mediaAddress: IPAddress? { address?.ipAddress.flatMap { IPAddress($0) } }
}
