import RelayBenchKit
import Testing

@Suite struct ProbeTests {
    private static let probe = MediaProbe(
        run: 0xABC, flow: 0xFFFFF, number: 0x1_0002, phase: 1, sentAt: 0x0102_0304_0506_0708)

    private static func bytes(of probe: MediaProbe) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: MediaProbe.length)
        var span = bytes.mutableSpan
        MediaProbe.prepare(&span)
        probe.write(to: &span)
        return bytes
    }

    @Test("is an RTP packet of 20 ms G.711 A-law")
    func header() {
        let bytes = Self.bytes(of: Self.probe)
        #expect(bytes.count == 172)
        // Version 2; payload type 8; sequence number 2; timestamp 0x10002 * 160; the SSRC is run and flow.
        #expect(Array(bytes[..<12]) == [0x80, 8, 0, 2, 0x00, 0xA0, 0x01, 0x40, 0xAB, 0xCF, 0xFF, 0xFF])
        #expect(bytes[171] == 0xD5)
    }

    @Test("reads back what it wrote")
    func roundTrip() {
        #expect(MediaProbe(Self.bytes(of: Self.probe).span, run: 0xABC) == Self.probe)
    }

    @Test("another run, length, version, payload type or sequence number is none of ours")
    func refuses() {
        let bytes = Self.bytes(of: Self.probe)
        #expect(MediaProbe(bytes.span, run: 0xABD) == nil)
        #expect(MediaProbe((bytes + [0]).span, run: 0xABC) == nil)
        for (offset, change) in [(0, 0x40), (1, 1), (3, 1), (20, 0), (23, 1), (8, 0x10)] as [(Int, UInt8)] {
            var changed = bytes
            changed[offset] ^= change
            #expect((MediaProbe(changed.span, run: 0xABC) == nil) == (change != 0))
        }
        for length in 0..<bytes.count { #expect(MediaProbe(Array(bytes[..<length]).span, run: 0xABC) == nil) }
    }

    @Test("RTCP is a sender report and a CNAME with right lengths, and reads back")
    func rtcp() {
        var bytes = [UInt8](repeating: 0xEE, count: RTCPProbe.length)
        var span = bytes.mutableSpan
        RTCPProbe(ssrc: 0xABCD_EF01, packets: 101, sentAt: 1_500_000_000).write(to: &span)
        #expect(Array(bytes[..<8]) == [0x80, 200, 0, 6, 0xAB, 0xCD, 0xEF, 0x01])
        // RFC 3550 §4: 1.5 s after 1970 in NTP time.
        #expect(Array(bytes[8..<16]) == [0x83, 0xAA, 0x7E, 0x81, 0x80, 0, 0, 0])
        #expect(Array(bytes[28..<32]) == [0x81, 202, 0, 5])
        #expect(String(decoding: bytes[38..<49], as: UTF8.self) == "relay-bench")
        #expect(bytes.count == 4 * (6 + 1) + 4 * (5 + 1))
        #expect(RTCPProbe(bytes.span) == RTCPProbe(ssrc: 0xABCD_EF01, packets: 101, sentAt: 0))
        for length in 0..<28 { #expect(RTCPProbe(Array(bytes[..<length]).span) == nil) }
    }
}
