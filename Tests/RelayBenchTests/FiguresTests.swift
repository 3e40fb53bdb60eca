import RelayBenchKit
import Testing

@Suite struct FiguresTests {
    @Test(
        "groups digits",
        arguments: [
            (0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567"),
            (Int.min, "-9,223,372,036,854,775,808"),
        ])
    func grouped(_ value: Int, _ text: String) {
        #expect(Figures.grouped(value) == text)
    }

    @Test(
        "rounds to places",
        arguments: [
            (0, 2, "0.00"), (1.005, 1, "1.0"), (0.95, 1, "1.0"), (12.3456, 2, "12.35"), (-0.001, 2, "0.00"),
            (-2.5, 0, "-3"), (4166.9, 0, "4,167"), (1234.04, 1, "1,234.0"), (.infinity, 1, "-"), (.nan, 1, "-"),
        ])
    func decimal(_ value: Double, _ places: Int, _ text: String) {
        #expect(Figures.decimal(value, places: places) == text)
    }

    @Test(
        "chooses the unit",
        arguments: [
            (0, "0 ns"), (999, "999 ns"), (27_400, "27.4 µs"), (1_250_000, "1.25 ms"), (2_000_000_000, "2.00 s"),
        ] as [(UInt64, String)])
    func duration(_ nanoseconds: UInt64, _ text: String) {
        #expect(Figures.duration(nanoseconds) == text)
    }

    @Test("shows small shares with more places")
    func percent() {
        #expect(Figures.percent(0, of: 100) == "0")
        #expect(Figures.percent(1, of: 10_000) == "0.010 %")
        #expect(Figures.percent(24, of: 1000) == "2.4 %")
        #expect(Figures.percent(1, of: 0) == "0")
        #expect(Figures.count(1, "call") == "1 call")
        #expect(Figures.count(2000, "call") == "2,000 calls")
    }

    @Test("aligns columns, names to the left and numbers to the right")
    func table() {
        var table = TextTable(heading: ["", "sent"])
        table.add(["a -> b", "1,500"])
        table.add(["c"])
        #expect(table.lines() == ["         sent", "-------------", "a -> b  1,500", "c"])
    }
}
