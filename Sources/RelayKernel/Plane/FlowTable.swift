internal import CRelayKernel
internal import Synchronization
internal import WireFormat

/// The flows that the program follows, in an array that it shares with us, by the place of their local address and port.
///
/// A flow that the program may be reading is never rewritten. Another one is written beside it and linked in its place,
/// and the old one rests before its number is used again.
final class FlowTable: Sendable {
    /// What is to be held while links change. Reading them takes no lock: there is one who writes.
    private let lock = Mutex(())
    let places: MappedArray<relay_place>
    private let numbers: NumberPool

    /// How many flows there may be, those that rest included.
    private static func count(_ places: MappedArray<relay_place>) -> UInt32 { UInt32(2 * places.count) }

    /// Takes over what an earlier process has left in the array, if it has.
    init(_ places: MappedArray<relay_place>) {
        self.places = places
        var used: Set<UInt32> = []
        for place in 0..<places.count {
            for number in Self.chain(place, places) {
                used.insert(number)
                let other = Self.read(number, places).rtcp
                if other != 0 { used.insert(other) }
            }
        }
        // Number 0 says that there is no flow.
        let all = 1..<Self.count(places)
        numbers = NumberPool(all, used: used.filter { all.contains($0) })
    }

    /// All flows, by local address.
    var all: [TransportAddress: KernelFlow] {
        lock.withLock { _ in
            var all: [TransportAddress: KernelFlow] = [:]
            for place in 0..<places.count {
                for number in chain(place) {
                    let flow = read(number)
                    let other = flow.rtcp == 0 || flow.rtcp >= Self.count(places) ? nil : read(flow.rtcp)
                    all[flow.localAddress] = KernelFlow(flow, rtcp: other)
                }
            }
            return all
        }
    }

    /// Has the program do this with what arrives at a local address, from one packet to the next.
    ///
    /// - Returns: why there is no room, or `nil`. Then an earlier flow of that address is still there.
    func set(_ local: TransportAddress, _ flow: KernelFlow, at now: UInt64) -> NoRoom? {
        guard let path = flow.rtp ?? flow.rtcp else { return nil }
        return lock.withLock { _ in
            let (place, chain, link) = find(local)
            guard link != nil || chain.count < Int(RELAY_CHAIN.rawValue) else { return .crowded }
            guard let number = numbers.take(at: now, preferring: [UInt32(2 * place), UInt32(2 * place + 1)]) else {
                return .full
            }
            var new = relay_flow(flow, at: local, along: path)
            if let rtcp = flow.rtcp, rtcp != path {
                guard let second = numbers.take(at: now) else {
                    numbers.release(number, at: 0)  // nobody has seen it
                    return .full
                }
                write(second, relay_flow(flow, at: local, along: rtcp))
                new.rtcp = second
            }
            guard let link else {
                new.next = chain.first ?? 0
                write(number, new)
                lead(place, chain, 0, to: number)
                return nil
            }
            new.next = read(chain[link]).next
            write(number, new)
            lead(place, chain, link, to: number)
            release(chain[link], at: now)
            return nil
        }
    }

    /// Has packets of a local address go to user space again; false when they did anyway.
    @discardableResult
    func remove(_ local: TransportAddress, at now: UInt64) -> Bool {
        lock.withLock { _ in
            let (place, chain, link) = find(local)
            guard let link else { return false }
            lead(place, chain, link, to: read(chain[link]).next)
            release(chain[link], at: now)
            return true
        }
    }

    // MARK: Links

    /// The place of a local address, which prefers the counters of the same number.
    func place(of local: TransportAddress) -> UInt32 {
        let (first, second, third, fourth) = local.address.kernel
        return relay_place_of(first, second, third, fourth, local.port.bigEndian) & UInt32(places.count - 1)
    }

    /// - Returns: also what the place leads to, and which of that is the address' own.
    private func find(_ local: TransportAddress) -> (place: Int, chain: [UInt32], link: Int?) {
        let place = Int(place(of: local))
        let chain = chain(place)
        return (place, chain, chain.firstIndex { read($0).localAddress == local })
    }

    private func chain(_ place: Int) -> [UInt32] { Self.chain(place, places) }

    private static func chain(_ place: Int, _ places: MappedArray<relay_place>) -> [UInt32] {
        var chain: [UInt32] = []
        // SAFETY: a word that we alone write.
        var number = unsafe places.withElement(place) { unsafe $0.pointee.first }
        // Bounded, whatever an earlier process has left.
        while number != 0, number < count(places), chain.count < Int(RELAY_CHAIN.rawValue) {
            chain.append(number)
            number = read(number, places).next
        }
        return chain
    }

    /// Makes what leads to a link of a chain lead to another flow.
    private func lead(_ place: Int, _ chain: [UInt32], _ link: Int, to number: UInt32) {
        // SAFETY: both write one word, which the program may be reading.
        if link == 0 {
            unsafe places.withElement(place) { unsafe relay_link_place($0, number) }
        } else {
            let before = chain[link - 1]
            unsafe places.withElement(Int(before / 2)) { place in
                unsafe relay_link_flow(relay_flow_in(place, before), number)
            }
        }
    }

    // MARK: Flows

    private func read(_ number: UInt32) -> relay_flow { Self.read(number, places) }

    private static func read(_ number: UInt32, _ places: MappedArray<relay_place>) -> relay_flow {
        // SAFETY: the program writes only the way out, which nobody here looks at.
        unsafe places.withElement(Int(number / 2)) { unsafe relay_flow_in($0, number).pointee }
    }

    /// Writes a flow that the program does not know of.
    private func write(_ number: UInt32, _ flow: relay_flow) {
        // SAFETY: nothing leads to it, and it has rested.
        unsafe places.withElement(Int(number / 2)) { unsafe relay_flow_in($0, number).pointee = flow }
    }

    private func release(_ number: UInt32, at now: UInt64) {
        let other = read(number).rtcp
        if other != 0, other < Self.count(places) { numbers.release(other, at: now) }
        numbers.release(number, at: now)
    }
}
