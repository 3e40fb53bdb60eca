internal import CBPF
internal import RelayCore

/// One run of a program on a packet that we make up (`BPF_PROG_TEST_RUN`).
struct ProgramRun {
    /// What a program did.
    struct Outcome {
        /// What it returned: `XDP_TX`, `TC_ACT_REDIRECT`, …
        let verdict: UInt32
        /// The packet as it left it.
        let packet: [UInt8]
        /// Nanoseconds that one run took on average.
        let duration: UInt32
    }

    /// Rewriting makes no packet longer than that.
    private static let growth = 64

    var packet: [UInt8]
    /// The interface it comes from, for XDP; 0 for none in particular.
    var interface: UInt32 = 0
    var repetitions = 1
    /// What the program says is done: frames are sent. Then there is no outcome to look at.
    var isLive = false

    init(_ packet: [UInt8]) { self.packet = packet }

    /// `BPF_F_TEST_XDP_LIVE_FRAMES`
    private static let liveFrames: UInt32 = 1 << 1

    func callAsFunction(_ program: Descriptor) throws(SystemError) -> Outcome {
        var run = unsafe cbpf_run()
        unsafe (run.repeat, run.flags) = (Int32(repetitions), isLive ? Self.liveFrames : 0)
        var context = xdp_md()
        (context.data_end, context.ingress_ifindex) = (UInt32(packet.count), interface)
        let output = [UInt8](repeating: 0, count: packet.count + Self.growth)
        var room = output
        // SAFETY: packet, room and context live across the call; the kernel writes at most as much as there is room.
        let result = unsafe packet.withUnsafeBytes { packet in
            unsafe room.withUnsafeMutableBytes { room in
                unsafe withUnsafeBytes(of: &context) { context in
                    unsafe (run.packet, run.packet_size) = (packet.baseAddress, UInt32(packet.count))
                    if interface != 0 {
                        unsafe (run.context, run.context_size) = (context.baseAddress, UInt32(context.count))
                    }
                    if !isLive { unsafe (run.output, run.output_size) = (room.baseAddress, UInt32(room.count)) }
                    return unsafe cbpf_run(program.number, &run)
                }
            }
        }
        try check(result, "run a BPF program")
        return unsafe Outcome(
            verdict: run.verdict, packet: Array(room.prefix(Int(run.output_size))), duration: run.duration)
    }
}
