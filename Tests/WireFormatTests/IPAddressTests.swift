import Testing
import WireFormat

@Suite struct IPAddressTests {
    @Test(
        "prints the canonical text of what it parsed",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
            ("::", "::"), ("::1", "::1"), ("2001:DB8::1", "2001:db8::1"), ("1::", "1::"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ])
    func canonical(_ input: String, _ expected: String) throws {
        #expect(try #require(IPAddress(input)).description == expected)
    }

    @Test(
        "refuses what is not a literal",
        arguments: [
            "", ".", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.", "1..2.3", ":", ":::", "1:", ":1",
            "1::2::3",
            "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::1.2.3", "1.2.3.4::", "[::1]", "fe80::1%eth0",
            "host.example",
            "1:2:3:4:5:6:7:1.2.3.4", "g::", "::1:2:3:4:5:6:7:8", "1:::2",
        ])
    func refuses(_ input: String) {
        #expect(IPAddress(input) == nil)
    }

    @Test("a transport address reads what it prints", arguments: ["192.0.2.1:5004", "[2001:db8::1]:65535"])
    func transport(_ text: String) throws {
        #expect(try #require(TransportAddress(text)).description == text)
    }

    @Test(
        "a transport address refuses half an address",
        arguments: ["192.0.2.1", "192.0.2.1:", "2001:db8::1:5", "[192.0.2.1]:1", ":5", "1.2.3.4:65536"])
    func transportRefuses(_ text: String) {
        #expect(TransportAddress(text) == nil)
    }
}
