internal import CRelayKernel
internal import Synchronization
internal import WireFormat

/// The flows that the program follows: an array that it shares with us, found through buckets by local address and port.
///
/// A flow that the program may be reading is never rewritten. Another one is written beside it and linked in its place,
/// and the old one rests before its number is used again.
final class FlowTable: Sendable {
    /// What is to be held while links change. Reading them takes no lock: there is one who writes.
    private let lock = Mutex(())
    let buckets: MappedArray<relay_bucket>
    let flows: MappedArray<relay_flow>
    private let numbers: NumberPool

    /// Takes over what an earlier process has left in the arrays, if it has.
    init(_ buckets: MappedArray<relay_bucket>, _ flows: MappedArray<relay_flow>) {
        (self.buckets, self.flows) = (buckets, flows)
        var used: Set<UInt32> = []
        for bucket in 0..<buckets.count {
            for number in Self.chain(bucket, buckets, flows) {
                used.insert(number)
                let other = Self.read(number, flows).rtcp
                if other != 0 { used.insert(other) }
            }
        }
        // Number 0 says that there is no flow.
        numbers = NumberPool(1..<UInt32(flows.count), used: used.filter { $0 < flows.count })
    }

    /// All flows, by local address.
    var all: [TransportAddress: KernelFlow] {
        lock.withLock { _ in
            var all: [TransportAddress: KernelFlow] = [:]
            for bucket in 0..<buckets.count {
                for number in chain(bucket) {
                    let flow = read(number)
                    let other = flow.rtcp == 0 || flow.rtcp >= flows.count ? nil : read(flow.rtcp)
                    all[flow.localAddress] = KernelFlow(flow, rtcp: other)
                }
            }
            return all
        }
    }

    /// Has the program do this with what arrives at a local address, from one packet to the next.
    ///
    /// - Returns: false when there is no room. Then an earlier flow of that address is still there.
    func set(_ local: TransportAddress, _ flow: KernelFlow, at now: UInt64) -> Bool {
        guard let path = flow.rtp ?? flow.rtcp else { return false }
        return lock.withLock { _ in
            let (bucket, chain, place) = find(local)
            guard place != nil || chain.count < Int(RELAY_CHAIN.rawValue),
                let number = numbers.take(at: now, preferring: [UInt32(2 * bucket), UInt32(2 * bucket + 1)])
            else {
                return false
            }
            var new = relay_flow(flow, at: local, along: path)
            if let rtcp = flow.rtcp, rtcp != path {
                guard let second = numbers.take(at: now) else {
                    numbers.release(number, at: 0)  // nobody has seen it
                    return false
                }
                write(second, relay_flow(flow, at: local, along: rtcp))
                new.rtcp = second
            }
            guard let place else {
                new.next = chain.first ?? 0
                write(number, new)
                link(bucket, chain, 0, to: number)
                return true
            }
            new.next = read(chain[place]).next
            write(number, new)
            link(bucket, chain, place, to: number)
            release(chain[place], at: now)
            return true
        }
    }

    /// Has packets of a local address go to user space again; false when they did anyway.
    @discardableResult
    func remove(_ local: TransportAddress, at now: UInt64) -> Bool {
        lock.withLock { _ in
            let (bucket, chain, place) = find(local)
            guard let place else { return false }
            link(bucket, chain, place, to: read(chain[place]).next)
            release(chain[place], at: now)
            return true
        }
    }

    // MARK: Links

    /// Where a local address is found. The program reads the counters of the same number ahead.
    static func bucket(of local: TransportAddress) -> UInt32 {
        let (first, second, third, fourth) = local.address.kernel
        return relay_bucket_of(first, second, third, fourth, local.port.bigEndian)
    }

    private func find(_ local: TransportAddress) -> (bucket: Int, chain: [UInt32], place: Int?) {
        let bucket = Int(Self.bucket(of: local))
        let chain = chain(bucket)
        return (bucket, chain, chain.firstIndex { read($0).localAddress == local })
    }

    private func chain(_ bucket: Int) -> [UInt32] { Self.chain(bucket, buckets, flows) }

    private static func chain(
        _ bucket: Int, _ buckets: MappedArray<relay_bucket>, _ flows: MappedArray<relay_flow>
    ) -> [UInt32] {
        var chain: [UInt32] = []
        // SAFETY: a word that we alone write.
        var number = unsafe buckets.withElement(bucket) { unsafe $0.pointee.first }
        // Bounded, whatever an earlier process has left.
        while number != 0, number < flows.count, chain.count < Int(RELAY_CHAIN.rawValue) {
            chain.append(number)
            number = read(number, flows).next
        }
        return chain
    }

    /// Makes what leads to a place in a chain lead to another flow.
    private func link(_ bucket: Int, _ chain: [UInt32], _ place: Int, to number: UInt32) {
        // SAFETY: both write one word, which the program may be reading.
        if place == 0 {
            unsafe buckets.withElement(bucket) { unsafe relay_link_bucket($0, number) }
        } else {
            unsafe flows.withElement(Int(chain[place - 1])) { unsafe relay_link_flow($0, number) }
        }
    }

    // MARK: Flows

    private func read(_ number: UInt32) -> relay_flow { Self.read(number, flows) }

    private static func read(_ number: UInt32, _ flows: MappedArray<relay_flow>) -> relay_flow {
        // SAFETY: the program writes only the way out, which nobody here looks at.
        unsafe flows.withElement(Int(number)) { unsafe $0.pointee }
    }

    /// Writes a flow that the program does not know of.
    private func write(_ number: UInt32, _ flow: relay_flow) {
        // SAFETY: nothing leads to it, and it has rested.
        unsafe flows.withElement(Int(number)) { unsafe $0.pointee = flow }
    }

    private func release(_ number: UInt32, at now: UInt64) {
        let other = read(number).rtcp
        if other != 0, other < flows.count { numbers.release(other, at: now) }
        numbers.release(number, at: now)
    }
}
