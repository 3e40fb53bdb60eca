import Foundation
import HostTuning
import Synchronization
import Testing
import WireFormat

@Suite struct TunerTests {
    /// Every host with what a relay on it wants.
    private static let cases: [(host: HostState, demand: RelayDemand)] = [
        (Hosts.virtio, Hosts.demand()), (Hosts.mlx5(), Hosts.demand(threads: 8, isPinned: true)),
        (Hosts.mlx5(), Hosts.demand()), (Hosts.host(cores: 4, [Hosts.ixgbe()]), Hosts.demand()),
        (Hosts.veth, Hosts.demand()), (Hosts.bonded, Hosts.demand(threads: 4, isPinned: true)),
        (Hosts.fourCards, Hosts.demand(threads: 8, isPinned: true)),
    ]

    private func withUndoFile(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "undo-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test("after --apply there is nothing to change, and everything has its undoing, the last first", arguments: 0..<7)
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
            #expect(outcomes.allSatisfy { $0.change.undo(location: 1) != nil })
            let commands = UndoList(path: path).commands
            #expect(commands.count == outcomes.count)
            #expect(commands.last == outcomes.first?.change.undo(location: 1023))
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
            #expect(undo.contains("\nkeep_link ens1f0 ethtool -L ens1f0 combined 4\n"))
            #expect(undo.contains("\nethtool -N ens1f0 delete 1023\n"))
        }
    }

    @Test("no card is touched while another one has no link yet")
    func oneCardAtATime() throws {
        try withUndoFile { path in
            let host = Mutex<PretendedHost?>(nil)
            let early = Mutex<[HostChange]>([])
            let pretended = PretendedHost(Hosts.fourCards, looksAway: { _ in 2 }) { change in
                guard host.withLock({ $0 })?.cardsAway.isEmpty == false else { return }
                early.withLock { $0.append(change) }
            }
            host.withLock { $0 = pretended }
            let outcomes = try pretended.tuner(Hosts.demand(threads: 8, isPinned: true), undo: path).apply()
            host.withLock { $0 = nil }
            #expect(outcomes.count { $0.change.interruption != nil } == 12)
            #expect(early.withLock { $0 } == [])
        }
    }

    @Test("a card whose link does not come back gets what it had, and nothing else is done")
    func linkLost() throws {
        try withUndoFile { path in
            let pretended = PretendedHost(
                Hosts.fourCards,
                looksAway: { change in
                    if case .setRing(let card, 4096, _) = change, card.name == "ens1f1" { nil } else { 2 }
                })
            var outcomes: [ChangeOutcome] = []
            let error = #expect(throws: TuningError.self) {
                try pretended.tuner(Hosts.demand(threads: 4, isPinned: true), undo: path).apply { outcomes.append($0) }
            }
            #expect(error?.description.contains("ens1f1 has lost its link by 'ethtool -G ens1f1 rx 4096'") == true)
            #expect(
                pretended.attempts.suffix(2).map(\.command) == [
                    "ethtool -G ens1f1 rx 4096", "ethtool -G ens1f1 rx 1024",
                ])
            #expect(outcomes.last?.change.command == "ethtool -G ens1f1 rx 4096")
            let commands = UndoList(path: path).commands
            #expect(commands.count == outcomes.count - 1)
            #expect(!commands.contains { $0.contains("ethtool -G ens1f1") })
        }
    }

    @Test("the way back is in the list before anything is done, and out of it when that is refused")
    func wayBackFirst() throws {
        try withUndoFile { path in
            let missing = Mutex<[HostChange]>([])
            let pretended = PretendedHost(
                Hosts.mlx5(), refusing: { if case .setRing = $0 { true } else { false } },
                watching: { change in
                    guard let wayBack = change.undo(), UndoList(path: path).commands.first != wayBack else { return }
                    missing.withLock { $0.append(change) }
                })
            let outcomes = try pretended.tuner(Hosts.demand(threads: 8, isPinned: true), undo: path).apply()
            #expect(missing.withLock { $0 } == [])
            let commands = UndoList(path: path).commands
            #expect(commands.count == outcomes.count - 1)
            #expect(!commands.contains { $0.contains("ethtool -G") })
        }
    }

    @Test("a host that does not keep what it is told is an error")
    func forgetful() throws {
        try withUndoFile { path in
            let pretended = Forgetful()
            #expect(throws: TuningError.self) {
                try Tuner(Hosts.demand(), undo: UndoList(path: path), host: pretended).apply()
            }
            #expect(pretended.attempts.withLock { $0 } == 4)
        }
    }

    @Test("what --apply does lasts until the system starts again")
    func lastsUntilRestart() throws {
        for (host, demand) in Self.cases {
            for change in try Planner(host, for: demand).plan.changes {
                guard case .run(let command, let undo) = change else { continue }
                #expect(!command.contains("enable") && !undo.contains("enable"))
                #expect(command.contains("--runtime") || !(command.contains("disable") || command.contains("mask")))
            }
        }
    }

    @Test("a hash table that somebody has weighted by hand is theirs to reset")
    func weightedByHand() throws {
        var host = Hosts.host(cores: 4, [Hosts.ixgbe()])
        let place = try #require(host.interfaces.firstIndex { $0.name == "eth0" })
        host.interfaces[place].spread = Spread(queues: 2, isInTurn: false)
        let step = try #require(try Planner(host, for: Hosts.demand()).plan.steps.first { $0.topic == "hash table" })
        #expect(step.changes == [])
        #expect(step.advice == ["ethtool -X eth0 default"])
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
            let first = UndoList(path: path).commands
            _ = try PretendedHost(Hosts.veth).tuner(Hosts.demand(), undo: path).apply()
            let second = UndoList(path: path).commands
            #expect(second.count > first.count && Array(second.suffix(first.count)) == first)
        }
    }
}

/// A host with a ring that each change makes one larger, whatever it was told.
private final class Forgetful: TunableHost {
    let attempts = Mutex(0)

    func read() -> HostState {
        var card = Hosts.card("eth0", index: 2, driver: "odd", queues: 1, interrupt: 30)
        card.addresses = [Hosts.address]
        card.interrupts = []
        card.ring = Limited(256 + attempts.withLock { $0 }, of: 4096)
        var host = HostState(cores: [0])
        host.interfaces = [card]
        return host
    }

    func perform(_ change: HostChange) -> Int? {
        attempts.withLock { $0 += 1 }
        return nil
    }

    func hasLink(_ card: HostChange.Card) -> Bool { false }
    func pause(milliseconds: Int) {}
}
