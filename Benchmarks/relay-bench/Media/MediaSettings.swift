import RelayBenchKit
import WireFormat

/// What one media run does.
struct MediaSettings {
    /// The address that the generator sends from and receives at.
    var address: IPAddress
    var calls = 1000
    /// Packets per second, all flows together.
    var rate = 50_000
    /// Length of the measuring window.
    var seconds = 10.0
    /// Length of the warm-up; every flow gets at least two packets in it.
    var warmUpSeconds = 1.0
    /// Sockets on each side.
    var endpoints = 1
    /// Most datagrams in one system call.
    var batch = 8
    /// Without a relay: where the answerers' sockets are, if not beside the offerers'.
    var sink: MediaSink?
    /// Without a relay: where a bare forwarder stands between both sides, if one does. Then there is one socket on each.
    var forwarder: IPAddress?
    /// Shortest sleep between two looks at clock and sockets, in microseconds; 0 never sleeps.
    var tick = 100
    /// Have the kernel measure the relay's forwarding programs, which makes packets a little dearer.
    var measuresPrograms = false
    /// The relay's process, if it is on this machine.
    var process: Int32?

    var flows: Int { 2 * calls }
    var measuredPackets: Int { max(1, Int((Double(rate) * seconds).rounded())) }
    var warmUpPackets: Int { max(Int((Double(rate) * warmUpSeconds).rounded()), 2 * flows) }
}
