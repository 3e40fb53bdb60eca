import RelayCore
import Testing

@Suite("Whether a port range is the relay's alone")
struct PortNeighboursTests {
    private static let udp = """
           sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
          100: 0100007F:4E20 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 12345 2 0 0
        """

    @Test(
        "says who else might use it",
        arguments: [
            ("32768\t60999\n", "\n", 10_000...19_999 as ClosedRange<UInt16>, nil),
            ("32768\t60999\n", "\n", 10_000...20_001, "another program has port 20000"),
            (
                "32768\t60999\n", "\n", 30_000...39_999,
                "other programs may be given ports 32768-39999; "
                    + "reserve them with net.ipv4.ip_local_reserved_ports"
            ),
            ("32768\t60999\n", "30000-39999\n", 30_000...39_999, nil),
            ("32768\t60999\n", "22,32768-35000,35001-39999\n", 30_000...39_999, nil),
            (
                "32768\t60999\n", "32768-39998\n", 30_000...39_999,
                "other programs may be given ports 32768-39999; "
                    + "reserve them with net.ipv4.ip_local_reserved_ports"
            ),
            ("", "", 30_000...39_999, nil),
            ("x y", "-,9-1,70000,a", 30_000...39_999, nil),
        ] as [(String, String, ClosedRange<UInt16>, String?)])
    func conflicts(_ local: String, _ reserved: String, _ range: ClosedRange<UInt16>, _ expected: String?) {
        let neighbours = PortNeighbours(
            localPortRange: local, reservedPorts: reserved, sockets: [Self.udp, "", "x\ny"])
        #expect(neighbours.conflict(with: range) == expected)
    }
}
