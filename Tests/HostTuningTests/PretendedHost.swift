import HostTuning
import Synchronization

/// A host that does what it is told, and shows it when it is looked at.
final class PretendedHost: TunableHost {
    private let state: Mutex<HostState>
    /// Commands that the kernel refuses.
    private let refused: @Sendable (HostChange) -> Bool
    private let tried = Mutex<[HostChange]>([])
    /// Called before each change.
    private let watch: @Sendable (HostChange) -> Void
    /// How many looks at its link it takes until a card is back that was interrupted, by name.
    private let away = Mutex<[String: Int]>([:])
    /// For how many looks a card stays away; `nil` for ever.
    private let looksAway: @Sendable (HostChange) -> Int?

    init(
        _ state: HostState, refusing refused: @escaping @Sendable (HostChange) -> Bool = { _ in false },
        looksAway: @escaping @Sendable (HostChange) -> Int? = { _ in 0 },
        watching watch: @escaping @Sendable (HostChange) -> Void = { _ in }
    ) {
        self.state = Mutex(state)
        (self.refused, self.looksAway, self.watch) = (refused, looksAway, watch)
    }

    var now: HostState { state.withLock { $0 } }
    var attempts: [HostChange] { tried.withLock { $0 } }

    /// Cards without a link just now.
    var cardsAway: [String] { away.withLock { $0.filter { $0.value > 0 }.map(\.key) } }

    func tuner(_ demand: RelayDemand, undo: String) -> Tuner {
        Tuner(demand, undo: UndoList(path: undo), host: self)
    }

    func read() -> HostState { now }
    func pause(milliseconds: Int) {}

    func perform(_ change: HostChange) throws(TuningError) -> Int? {
        watch(change)
        tried.withLock { $0.append(change) }
        guard !refused(change) else { throw TuningError("refused") }
        if let card = change.interruption?.card { away.withLock { $0[card.name] = looksAway(change) ?? .max } }
        return state.withLock { Self.apply(change, to: &$0) }
    }

    func hasLink(_ card: HostChange.Card) -> Bool {
        away.withLock { away in
            guard let looks = away[card.name], looks > 0 else { return true }
            away[card.name] = looks - 1
            return false
        }
    }

    /// Returns where a rule has been put.
    private static func apply(_ change: HostChange, to host: inout HostState) -> Int? {
        func edit(_ card: HostChange.Card, _ body: (inout InterfaceState) -> Void) {
            guard let place = host.interfaces.firstIndex(where: { $0.index == card.index }) else { return }
            body(&host.interfaces[place])
        }
        var location: Int?
        switch change {
        case .write(let text, let path, _): write(text, to: path, of: &host)
        case .setQueues(let card, let count, _, _):
            edit(card) { card in
                let first = card.interrupts.first?.number ?? 0
                card.queues = Limited(count, of: card.queues?.most ?? count)
                card.receiveSteering = Array(repeating: .none, count: count)
                card.sendSteering = Array(repeating: .none, count: count)
                card.interrupts = (0..<count).map { Interrupt(number: first + $0, queue: $0, cores: ProcessorSet([0])) }
                card.spread = card.spread.map { _ in Spread(queues: count) }
            }
        case .setRing(let card, let size, _): edit(card) { $0.ring = Limited(size, of: $0.ring?.most ?? size) }
        case .setCoalescing(let card, let microseconds, _):
            edit(card) { $0.coalescing = Coalescing(microseconds: microseconds, isAdaptive: false) }
        case .setHash(let card, let family, let fields, _): edit(card) { $0.hash[family] = fields }
        case .resetSpread(let card, _): edit(card) { $0.spread = Spread(queues: $0.receiveSteering.count) }
        case .setFilters(let card, let enabled): edit(card) { $0.filters?.isEnabled = enabled }
        case .addRule(let card, let rule):
            edit(card) { card in
                let free = 1023 - (card.filters?.portRules.count ?? 0)
                location = free
                card.filters?.portRules.append(
                    PortRule(family: rule.family, port: rule.port, mask: rule.mask, queue: rule.queue, location: free))
            }
        case .removeRule(let card, let rule):
            edit(card) { $0.filters?.portRules.removeAll { $0.location == rule.location } }
        case .run(let command, _): if command.hasSuffix(" irqbalance") { host.balancesInterrupts = false }
        }
        return location
    }

    private static func write(_ text: String, to path: String, of host: inout HostState) {
        if host.files[path] != nil {
            host.files[path] = text
            return
        }
        for place in host.interfaces.indices {
            let card = host.interfaces[place]
            for queue in card.receiveSteering.indices
            where path == "/sys/class/net/\(card.name)/queues/rx-\(queue)/rps_cpus" {
                host.interfaces[place].receiveSteering[queue] = ProcessorSet(mask: text) ?? .none
            }
            for queue in card.sendSteering.indices
            where path == "/sys/class/net/\(card.name)/queues/tx-\(queue)/xps_cpus" {
                host.interfaces[place].sendSteering[queue] = ProcessorSet(mask: text) ?? .none
            }
            for (number, interrupt) in card.interrupts.enumerated()
            where path == "/proc/irq/\(interrupt.number)/smp_affinity_list" {
                host.interfaces[place].interrupts[number] = Interrupt(
                    number: interrupt.number, queue: interrupt.queue, cores: ProcessorSet(list: text) ?? .none)
            }
        }
    }
}
