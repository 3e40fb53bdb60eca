internal import Glibc
internal import RelayCore

/// Proves that an interface sends what XDP gives it: some drivers take such frames and lose them without a word.
enum Probe {
    private static let frames = 16
    /// The Ethernet configuration test: a frame to its own sender. A switch has no reason to pass it on.
    private static let protocolNumber: [UInt8] = [0x90, 0x00]
    private static let shortestFrame = 60

    /// Sends a few frames from the interface to itself and looks whether it has counted them.
    static func run(_ program: Descriptor, on device: NetworkDevice) throws(SystemError) {
        let errors = device.xdpErrors
        var frame = device.hardware + device.hardware + protocolNumber
        frame += [UInt8](repeating: 0, count: shortestFrame - frame.count)
        var run = ProgramRun(frame)
        (run.interface, run.repetitions, run.isLive) = (device.index, frames, true)
        _ = try run(program)
        let after = try NetworkDevice.all().first { $0.index == device.index }
        let counted = (after?.sent ?? device.sent) &- device.sent
        guard counted >= UInt32(frames), device.xdpErrors == errors else {
            throw SystemError(errno: EIO, operation: "prove that \(device.name) sends (XDP): it lost \(frames) frames")
        }
    }
}
