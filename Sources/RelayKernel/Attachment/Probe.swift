internal import CRelayKernel
internal import Glibc
internal import RelayCore

/// Proves that an interface sends what XDP gives it: some drivers take such frames and lose them without a word.
enum Probe {
    /// Frames at a time: many beside what others send meanwhile, and few enough for the rings of all drivers.
    private static let frames: UInt64 = 256
    /// Octets of a frame: more than most have that others send, speech above all, and fewer than any interface takes.
    private static let length: UInt64 = 1000
    /// More than half of these have to be proofs: what others send does not come evenly.
    private static let rounds = 8
    /// So long is counted what others send, and some drivers take to count what they have sent. Microseconds.
    private static let (pause, patience): (UInt32, UInt64) = (2_000, 10_000)
    /// Between two looks at the count, in microseconds.
    private static let interval: UInt32 = 50
    /// The Ethernet configuration test: a frame to its own sender. A switch has no reason to pass it on.
    private static let protocolNumber: [UInt8] = [0x90, 0x00]

    /// What an interface has sent, and in which time.
    private struct Window {
        var frames: UInt64 = 0
        var bytes: UInt64 = 0
        /// Nanoseconds.
        var time: UInt64 = 0

        static func += (sum: inout Window, other: Window) {
            (sum.frames, sum.bytes) = (sum.frames &+ other.frames, sum.bytes &+ other.bytes)
            sum.time += other.time
        }

        /// Whether our frames are in it, beside what others have sent at other times. Half of ours are enough, because the
        /// others' part is an estimate.
        func hasOurs(beside others: Window) -> Bool {
            let foreign = others.frames * time / max(1, others.time)
            guard frames >= max(Probe.frames, foreign + Probe.frames / 2) else { return false }
            let usual = others.bytes / max(1, others.frames)
            // Others' frames may come faster now, but they are not larger. (Where they are as large as ours, the count has to do.)
            return usual >= Probe.length / 2 || bytes >= usual * frames + (Probe.length - usual) * Probe.frames / 2
        }
    }

    /// Sends frames from the interface to itself and looks whether it counts them beside what others send.
    static func run(_ program: Descriptor, on device: NetworkDevice) throws(SystemError) {
        let errors = device.xdpErrors
        var frame = device.hardware + device.hardware + protocolNumber
        frame += [UInt8](repeating: 0, count: Int(length) - frame.count)
        var run = ProgramRun(frame)
        (run.interface, run.repetitions, run.isLive) = (device.index, Int(frames), true)
        var (proofs, failures, others) = (0, 0, Window())
        while proofs <= rounds / 2, failures < rounds / 2 {
            others += try look(at: device) { _ throws(SystemError) in usleep(pause) }
            let all = try look(at: device) { (start) throws(SystemError) in
                _ = try run(program)
                let deadline = SystemClock.monotonic + patience * 1000
                while try device.countSent().frames &- start.frames < frames, SystemClock.monotonic < deadline {
                    usleep(interval)
                }
            }
            if all.hasOurs(beside: others) { proofs += 1 } else { failures += 1 }
        }
        guard proofs > rounds / 2, device.xdpErrors == errors else {
            throw SystemError(errno: EIO, operation: "prove that \(device.name) sends (XDP): it loses frames")
        }
    }

    private static func look(
        at device: NetworkDevice, during work: (_ start: relay_sent) throws(SystemError) -> Void
    ) throws(SystemError) -> Window {
        let (start, time) = (try device.countSent(), SystemClock.monotonic)
        try work(start)
        let end = try device.countSent()
        return Window(
            frames: end.frames &- start.frames, bytes: end.bytes &- start.bytes, time: SystemClock.monotonic - time)
    }
}
