import SDP
import WireFormat

/// Any octets as a session description: they are read or refused, and what we make of them can be read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSDP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // SAFETY: libFuzzer hands over `count` octets that can be read for the time of this call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let document = try? SDPDocument(parsing: input) else { return 0 }
    var relayed = RelayedMedia(port: 30000, address: IPAddress(ipv4: 0xCB00_7101))
    (relayed.rtcp, relayed.rtcpMux, relayed.ptime) = (.full(30001, relayed.address), true, 20)
    var chosen = relayed
    (chosen.payloadTypes, chosen.keepsDirectionLine) = ([0, 8, 0, 255], true)
    let rewrites: [MediaRewrite] = [
        .relayed(relayed), .relayed(chosen), .rejected(family: .ipv6, mid: "1"), .verbatim,
    ]
    for (number, media) in rewrites.enumerated() {
        var rewrite = SDPRewrite()
        rewrite.media = document.media.map { section in
            if section.isRejected, case .relayed = media { .rejected(family: .ipv4, mid: section.mid) } else { media }
        }
        let output = document.composed(with: rewrite)
        // Many short sections grow by our lines; nothing else may be multiplied.
        precondition(
            output.count <= 2 * input.count + 8192 + 2048 * document.media.count, "the output is out of proportion")
        guard number != 1 else { continue }  // 255 is no payload type
        guard let again = try? SDPDocument(parsing: output) else {
            // Only our own lines may push a body over a limit.
            let lines = output.count { $0 == UInt8(ascii: "\n") }
            precondition(
                lines > SDPLimits.lines || output.count > SDPLimits.octets, "cannot read what was written")
            continue
        }
        precondition(again.media.count == document.media.count, "a section was lost or invented")
    }
    return 0
}
