internal import Glibc
internal import RelayCore

/// Proves that an interface sends what XDP gives it: some drivers take such frames and lose them without a word.
enum Probe {
    /// Frames at a time: many beside what others send meanwhile, and few enough for the rings of all drivers.
    private static let frames: UInt64 = 256
    /// All of them have to be proofs.
    private static let rounds = 3
    /// So long is counted what others send, in nanoseconds.
    private static let pause: UInt64 = 2_000_000
    /// The Ethernet configuration test: a frame to its own sender. A switch has no reason to pass it on.
    private static let protocolNumber: [UInt8] = [0x90, 0x00]
    private static let shortestFrame = 60

    /// What an interface has sent, and in which time.
    private struct Window {
        var frames: UInt64 = 0
        /// Nanoseconds.
        var time: UInt64 = 0
    }

    /// Sends frames from the interface to itself and looks whether it has counted more than what others send.
    static func run(_ program: Descriptor, on device: NetworkDevice) throws(SystemError) {
        let errors = device.xdpErrors
        var frame = device.hardware + device.hardware + protocolNumber
        frame += [UInt8](repeating: 0, count: shortestFrame - frame.count)
        var run = ProgramRun(frame)
        (run.interface, run.repetitions, run.isLive) = (device.index, Int(frames), true)
        for _ in 0..<rounds {
            let others = try look(at: device) { () throws(SystemError) in usleep(UInt32(pause / 1000)) }
            let all = try look(at: device) { () throws(SystemError) in _ = try run(program) }
            let foreign = others.frames * all.time / max(1, others.time)
            // Half of them, for what others send does not come evenly.
            guard all.frames >= frames, all.frames >= foreign + frames / 2, device.xdpErrors == errors else {
                throw SystemError(errno: EIO, operation: "prove that \(device.name) sends (XDP): it loses frames")
            }
        }
    }

    private static func look(
        at device: NetworkDevice, during work: () throws(SystemError) -> Void
    ) throws(SystemError) -> Window {
        let (sent, start) = (try device.countSent(), SystemClock.monotonic)
        try work()
        return Window(frames: try device.countSent() &- sent, time: SystemClock.monotonic &- start)
    }
}
