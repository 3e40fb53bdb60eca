import RelayOperations
import Testing

@Suite("Console")
struct ConsoleTests {
    private static let console: Console = {
        let console = Console()
        console.add(ConsoleFunction("list", "CALL-ID", help: "a call") { .init("call \($0)\n", data: [1, "b"]) })
        console.add(ConsoleFunction("list all", help: "calls") { .init("all \($0)\n") })
        console.add(ConsoleFunction("set tos", "N", help: "sets") { _ in .failure("no\n") })
        return console
    }()

    @Test(
        "the longest path wins, and the rest is handed over",
        arguments: [
            ("list", "call []\n"), ("get x", "call [\"x\"]\n"), ("  list\tall  y ", "all [\"y\"]\n"),
            ("set", "More parameters required.\n"), ("", "More parameters required.\n"),
            ("foo", "Unknown or incomplete command::foo\n"), ("set x y", "Unknown or incomplete command::x y\n"),
            ("LIST", "Unknown or incomplete command::LIST\n"),
            (String(repeating: "x ", count: 65), "Too many words.\n"),
        ])
    func dispatch(_ line: String, _ expected: String) async {
        #expect(await Self.console.answer(line) == expected)
    }

    @Test("scripts get one line of JSON")
    func json() async {
        #expect(
            await Self.console.answer("--json list \"") == #"{"result":"ok","text":"call [\"\\\"\"]\n","data":[1,"b"]}"#
                + "\n")
        #expect(await Self.console.answer("--json set tos") == #"{"result":"error","text":"no\n"}"# + "\n")
    }

    @Test("help shows what can follow")
    func help() async {
        #expect(
            await Self.console.answer("help") == """
                Commands:
                  list CALL-ID  a call
                  list all      calls
                  set tos N     sets

                """)
        #expect(await Self.console.answer("list help") == "Commands:\n  list all   calls\n")
    }
}

@Suite("Reports")
struct ReportTests {
    @Test(
        "decimals have a fixed number of digits",
        arguments: [
            (0, 6, "0.000000"), (1.5, 6, "1.500000"), (-0.25, 2, "-0.25"), (0.004, 2, "0.00"),
            (12.0, 1, "12.0"), (1e20, 1, "100000000000000000000.0"), (.infinity, 1, "0.0"), (.nan, 0, "0"),
            (0.06, 1, "0.1"), (3, 0, "3"),
        ] as [(Double, Int, String)])
    func decimals(_ value: Double, _ digits: Int, _ expected: String) {
        #expect(ReportText.decimal(value, digits: digits) == expected)
    }

    @Test("Prometheus gets one family after the other, escaped")
    func prometheus() {
        var metrics = MetricWriter()
        metrics.gauge("relay_a", 1, help: "An a.\nb", labels: ["x": "q\"\\\n"])
        metrics.counter("relay_b_total", 0.5)
        metrics.gauge("relay_a", UInt64.max, labels: ["x": "2"])
        #expect(
            PrometheusText.render(metrics) == #"""
                # HELP relay_a An a.\nb
                # TYPE relay_a gauge
                relay_a{x="q\"\\\n"} 1
                relay_a{x="2"} 9223372036854775807
                # TYPE relay_b_total counter
                relay_b_total 0.500000

                """#)
    }

    @Test("JSON keeps the order of keys and escapes control characters")
    func json() {
        let value: ReportValue = ["b": 1, "a": [.decimal(0.1), true], "c": "\u{1}\n\"é"]
        #expect(value.json == #"{"b":1,"a":[0.100000,true],"c":"\u0001\n\"é"}"#)
    }
}
