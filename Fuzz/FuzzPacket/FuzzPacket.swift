import RelayCore
import WireFormat

/// Any octets as a datagram on a media port: it is RTP, RTCP or neither, and its header never reaches past its end.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPacket(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // SAFETY: libFuzzer hands over `count` octets that can be read for the time of this call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let kind = PacketKind(input.span)
    guard let header = RTPHeaderView(input.span) else { return 0 }
    precondition(header.payloadOffset >= 12 && header.payloadOffset <= input.count, "the payload lies in the datagram")
    if case .rtp(let ssrc) = kind { precondition(ssrc == header.ssrc, "both read the same SSRC") }
    _ = (header.marker, header.payloadType, header.sequenceNumber, header.timestamp)
    return 0
}
