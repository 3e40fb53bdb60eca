import RelayBenchKit
import Testing

@Suite struct ProcTextTests {
    @Test("reads CPU time and parent behind any process name", arguments: ["relayd", "a) R 1 (b", "", "((("])
    func stat(_ name: String) throws {
        let stat = "4711 (\(name)) S 1 4711 4711 0 -1 4194560 1 2 3 4 155 72 0 0 20 0 9 0 100 200 300"
        let ticks = try #require(ProcText.cpuTicks(stat: stat))
        #expect((ticks.user, ticks.system) == (155, 72))
        #expect(ProcText.parent(stat: stat) == 1)
    }

    @Test("half a stat line is none")
    func halfStat() {
        let stat = "4711 (relayd) S 1 4711 4711 0 -1 4194560 1 2 3 4 155 72"
        for length in 0..<stat.count - 2 { #expect(ProcText.cpuTicks(stat: String(stat.prefix(length))) == nil) }
    }

    @Test("reads memory in bytes")
    func bytes() {
        let status = "Name:\trelayd\nVmRSSx:\t 1 kB\nVmRSS:\t   36904 kB\nThreads:\t4\n"
        #expect(ProcText.bytes("VmRSS", in: status) == 36904 * 1024)
        #expect(ProcText.bytes("VmHWM", in: status) == nil)
        #expect(ProcText.bytes("Name", in: status) == nil)
    }

    @Test("reads numbers of a BPF program")
    func numbers() {
        let text = "pos:\t0\nprog_type:\t3\nrun_time_ns:\t123456\nrun_cnt:\t\n"
        #expect(ProcText.number("run_time_ns", in: text) == 123_456)
        #expect(ProcText.number("run_cnt", in: text) == nil)
        #expect(ProcText.number("time_ns", in: text) == nil)
    }

    @Test("reads run time, machine time and backlog drops")
    func times() {
        #expect(ProcText.runTime(schedstat: "3251234567 123 45\n") == 3_251_234_567)
        #expect(ProcText.runTime(schedstat: "\n") == nil)
        let stat = "cpu  10 1 20 1000 5 3 4 7 2 0\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 9\n"
        #expect(ProcText.machine(stat: stat) == .init(processors: 1, idle: 1005, stolen: 7))
        #expect(ProcText.machine(stat: "intr 1 2 3") == nil)
        #expect(ProcText.backlogDrops(softnet: "006d33f7 00000010 00000009\n00736c12 00000001 00000006\n") == 17)
    }

    @Test("reads sockets with unread and dropped datagrams, IPv4 and IPv6")
    func sockets() {
        let table = """
               sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
             7710: 0100007F:4E20 00000000:0000 07 00000000:00000300 00:00000000 00000000     0        0 98765 2 0000000000000000 42
             7711: 00000000000000000000000001000000:4E21 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 98766 2 0000000000000000 0
             nonsense
            """
        #expect(
            ProcText.udpSockets(table) == [
                .init(port: 20_000, inode: 98_765, unread: 768, drops: 42),
                .init(port: 20_001, inode: 98_766, unread: 0, drops: 0),
            ])
        #expect(ProcText.socketInode(link: "socket:[98765]") == 98_765)
        #expect(ProcText.socketInode(link: "anon_inode:[eventfd]") == nil)
    }
}
