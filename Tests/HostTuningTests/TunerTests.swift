import Foundation
import HostTuning
import Testing
import WireFormat

@Suite struct TunerTests {
    /// Every host with what a relay on it wants.
    private static let cases: [(host: HostState, demand: RelayDemand)] = [
        (Hosts.virtio, Hosts.demand()), (Hosts.mlx5(), Hosts.demand(threads: 8, isPinned: true)),
        (Hosts.mlx5(), Hosts.demand()), (Hosts.host(cores: 4, [Hosts.ixgbe()]), Hosts.demand()),
        (Hosts.veth, Hosts.demand()), (Hosts.bonded, Hosts.demand(threads: 4, isPinned: true)),
    ]

    private func withUndoFile(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "undo-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test("after --apply there is nothing to change, and everything has its undoing, the last first", arguments: 0..<6)
    func idempotence(number: Int) throws {
        let (host, demand) = Self.cases[number]
        try withUndoFile { path in
            let pretended = PretendedHost(host)
            let tuner = pretended.tuner(demand, undo: path)
            #expect(try !tuner.plan().changes.isEmpty)
            let outcomes = try tuner.apply()
            #expect(outcomes.allSatisfy { $0.refusal == nil })
            #expect(try tuner.plan().changes == [])
            #expect(try tuner.apply() == [])
            let undoable = outcomes.filter { $0.change.undo(location: 1) != nil }.count
            let commands = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
                .filter { !$0.hasPrefix("#") }
            #expect(commands.count == undoable)
            #expect(commands.last.map { String($0) } == outcomes.first?.change.undo(location: 1023))
        }
    }

    @Test("new queues are set up too: rules, interrupts and sending for all eight")
    func rounds() throws {
        try withUndoFile { path in
            let pretended = PretendedHost(Hosts.mlx5())
            let tuner = pretended.tuner(Hosts.demand(threads: 8, isPinned: true), undo: path)
            _ = try tuner.apply()
            let card = try #require(pretended.now.interfaces.first { $0.name == "ens1f0" })
            #expect(card.queues == Limited(8, of: 16))
            #expect(card.interrupts.map(\.cores) == (0..<8).map { ProcessorSet([$0]) })
            #expect(card.sendSteering == (0..<8).map { ProcessorSet([$0]) })
            let rules = card.filters?.portRules ?? []
            #expect(rules.count == 8)
            // A packet to any port comes to the queue of the thread that has it.
            for port in UInt16(20_000)..<20_400 {
                let queues = rules.filter { port & $0.mask == $0.port }.map(\.queue)
                #expect(queues == [Int(port / 16) % 8])
            }
            let undo = try String(contentsOfFile: path, encoding: .utf8)
            #expect(undo.hasPrefix("#!/bin/sh\n"))
            #expect(undo.contains("ethtool -L ens1f0 combined 4\n"))
            #expect(undo.contains("ethtool -N ens1f0 delete 1023\n"))
        }
    }

    @Test("what is refused is said once, and the rest is done")
    func refusal() throws {
        try withUndoFile { path in
            let pretended = PretendedHost(Hosts.mlx5()) { change in
                if case .setRing = change { true } else { false }
            }
            let tuner = pretended.tuner(Hosts.demand(threads: 8, isPinned: true), undo: path)
            let outcomes = try tuner.apply()
            #expect(outcomes.filter { $0.refusal == "refused" }.map(\.change.command) == ["ethtool -G ens1f0 rx 4096"])
            #expect(pretended.attempts.count { if case .setRing = $0 { true } else { false } } == 1)
            #expect(try tuner.plan().changes.map(\.command) == ["ethtool -G ens1f0 rx 4096"])
        }
    }

    @Test("without a place for the way back nothing is done")
    func undoFirst() throws {
        let pretended = PretendedHost(Hosts.virtio)
        let tuner = pretended.tuner(Hosts.demand(), undo: "/nonexistent/undo")
        #expect(throws: TuningError.self) { try tuner.apply() }
        #expect(pretended.attempts.isEmpty)
    }

    @Test("the list keeps what earlier changes have left in it")
    func undoGrows() throws {
        try withUndoFile { path in
            _ = try PretendedHost(Hosts.virtio).tuner(Hosts.demand(), undo: path).apply()
            let first = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst(2)
            _ = try PretendedHost(Hosts.veth).tuner(Hosts.demand(), undo: path).apply()
            let second = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst(2)
            #expect(second.count > first.count && Array(second.suffix(first.count)) == Array(first))
        }
    }
}
