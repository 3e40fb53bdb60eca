internal import Glibc
internal import RelayCore

/// Proves that an interface sends what XDP gives it: some drivers take such frames and lose them without a word.
enum Probe {
    /// Frames at a time: many beside what others send meanwhile, and few enough for the rings of all drivers.
    private static let frames: UInt64 = 256
    /// More than half of these have to be proofs: what others send does not come evenly.
    private static let rounds = 8
    /// So long is counted what others send, and some drivers take to count what they have sent. Microseconds.
    private static let (pause, patience): (UInt32, UInt64) = (2_000, 10_000)
    /// Between two looks at the count, in microseconds.
    private static let interval: UInt32 = 50
    /// The Ethernet configuration test: a frame to its own sender. A switch has no reason to pass it on.
    private static let protocolNumber: [UInt8] = [0x90, 0x00]
    private static let shortestFrame = 60

    /// What an interface has sent, and in which time.
    private struct Window {
        let frames: UInt64
        /// Nanoseconds.
        let time: UInt64
    }

    /// Sends frames from the interface to itself and looks whether it counts them sooner than it would count those of others.
    static func run(_ program: Descriptor, on device: NetworkDevice) throws(SystemError) {
        let errors = device.xdpErrors
        var frame = device.hardware + device.hardware + protocolNumber
        frame += [UInt8](repeating: 0, count: shortestFrame - frame.count)
        var run = ProgramRun(frame)
        (run.interface, run.repetitions, run.isLive) = (device.index, Int(frames), true)
        var (proofs, failures) = (0, 0)
        while proofs <= rounds / 2, failures < rounds / 2 {
            let others = try look(at: device) { _ throws(SystemError) in usleep(pause) }
            let all = try look(at: device) { (start) throws(SystemError) in
                _ = try run(program)
                while try device.countSent() &- start.sent < frames,
                    SystemClock.monotonic - start.time < patience * 1000
                { usleep(interval) }
            }
            // Half of ours are enough, because the others' part is an estimate.
            let foreign = others.frames * all.time / max(1, others.time)
            if all.frames >= max(frames, foreign + frames / 2) { proofs += 1 } else { failures += 1 }
        }
        guard proofs > rounds / 2, device.xdpErrors == errors else {
            throw SystemError(errno: EIO, operation: "prove that \(device.name) sends (XDP): it loses frames")
        }
    }

    private static func look(
        at device: NetworkDevice, during work: (_ start: (sent: UInt64, time: UInt64)) throws(SystemError) -> Void
    ) throws(SystemError) -> Window {
        let start = (sent: try device.countSent(), time: SystemClock.monotonic)
        try work(start)
        return Window(frames: try device.countSent() &- start.sent, time: SystemClock.monotonic - start.time)
    }
}
