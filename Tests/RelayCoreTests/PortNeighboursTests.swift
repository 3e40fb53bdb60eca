import RelayCore
import Testing
import WireFormat

@Suite("Whether a port range is the relay's alone")
struct PortNeighboursTests {
    private static let heading = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
    /// 127.0.0.1:20000; :::20002; 127.0.0.1:20004 with a peer; 127.0.0.53:20006; the mapped 127.0.0.1, 20008.
    private static let udp =
        heading + """
              100: 0100007F:4E20 00000000:0000 07 00000000:00000000 00:00000000 00000000     0
              101: 0100007F:4E24 0100007F:0035 01 00000000:00000000 00:00000000 00000000     0
              102: 3500007F:4E26 00000000:0000 07 00000000:00000000 00:00000000 00000000     0
            """
    private static let udp6 =
        heading + """
              103: 00000000000000000000000000000000:4E22 00000000000000000000000000000000:0000 07 00000000:00000000
              104: 0000000000000000FFFF00000100007F:4E28 00000000000000000000000000000000:0000 07 00000000:00000000
            """

    private static func neighbours(
        _ range: String = "32768\t60999\n", reserved: String = "\n", sockets: [String] = [udp, udp6, "", "x\ny"]
    ) -> PortNeighbours {
        PortNeighbours(
            localPortRange: range, reservedPorts: reserved, sockets: sockets,
            addresses: [IPAddress(ipv4: 0x7F00_0001)])
    }

    @Test(
        "knows what the kernel may give to others, and what has to be written to keep it",
        arguments: [
            ("32768\t60999\n", "\n", 10_000...19_999 as ClosedRange<UInt16>, nil, "10000-19999"),
            ("32768\t60999\n", "\n", 30_000...39_999, 32_768...39_999, "30000-39999"),
            ("32768\t60999\n", "30000-39999\n", 30_000...39_999, nil, "30000-39999,30000-39999"),
            (
                "32768\t60999\n", "22,32768-35000,35001-39999\n", 30_000...39_999, nil,
                "22,32768-35000,35001-39999,30000-39999"
            ),
            ("32768\t60999\n", "32768-39998\n", 30_000...39_999, 32_768...39_999, "32768-39998,30000-39999"),
            ("", "", 30_000...39_999, nil, "30000-39999"),
            ("x y", "-,9-1,70000,a", 30_000...39_999, nil, "-,9-1,70000,a,30000-39999"),
        ] as [(String, String, ClosedRange<UInt16>, ClosedRange<UInt16>?, String)])
    func ephemeral(
        _ local: String, _ reserved: String, _ range: ClosedRange<UInt16>, _ expected: ClosedRange<UInt16>?,
        _ reservation: String
    ) {
        let neighbours = Self.neighbours(local, reserved: reserved)
        #expect(neighbours.ephemeralPorts(of: range) == expected)
        #expect(neighbours.reservation(of: range) == reservation)
    }

    @Test("sockets at other addresses, and those with a peer, are in nobody's way")
    func occupied() {
        #expect(Self.neighbours().occupiedPorts(of: 10_000...20_008) == [20_000, 20_002, 20_008])
        #expect(Self.neighbours().occupiedPorts(of: 10_000...19_999) == [])
    }

    @Test("a range in which others have many ports is not ours")
    func crowded() {
        func table(_ count: Int) -> String {
            Self.heading
                + (0..<count).map { "1: 00000000:\(String(0x4000 + $0, radix: 16)) 00000000:0000 07\n" }.joined()
        }
        #expect(Self.neighbours(sockets: [table(64)]).occupiedPorts(of: 0x4000...0x4FFF)?.count == 64)
        #expect(Self.neighbours(sockets: [table(65)]).occupiedPorts(of: 0x4000...0x4FFF) == nil)
    }
}
