/// The commands in flight to one relay: which reply belongs to which command, when to send again, when to give up.
///
/// Repeats like Kamailio's rtpengine module: the same datagram each second, five times in all. No socket, no clock.
package struct NGWindow: Sendable {
    /// A reply and the slot whose command it answers.
    package struct Match: Equatable, Sendable {
        package let slot: Int
        /// Where the body starts in the datagram.
        package let bodyOffset: Int
        /// From the first time the command was sent, in nanoseconds.
        package let elapsed: UInt64
    }

    /// What has to be done about a command without a reply.
    package enum Overdue: Equatable, Sendable {
        case sendAgain(slot: Int)
        case giveUp(slot: Int)
    }

    package static let attempts = 5
    /// Nanoseconds between two attempts.
    package static let interval: UInt64 = 1_000_000_000

    private struct Slot {
        var datagram: [UInt8] = []
        var serial = 0
        var isOpen = false
        var attempts = 0
        var firstSent: UInt64 = 0
        var nextTry: UInt64 = 0
    }

    private let prefix: [UInt8]
    private var slots: [Slot]
    private var serial = 0
    /// Commands without a reply so far.
    package private(set) var open = 0
    /// Datagrams sent more than once.
    package private(set) var repeats = 0

    /// - Parameter run: part of every cookie, so that relays do not take commands of two runs for repetitions.
    package init(slots: Int, run: String) {
        prefix = Array("\(run)_".utf8)
        self.slots = Array(repeating: Slot(), count: max(1, slots))
    }

    /// Puts a command into a slot, and counts it as sent now.
    package mutating func begin(slot: Int, body: [UInt8], at now: UInt64) {
        serial += 1
        if !slots[slot].isOpen { open += 1 }
        let datagram = prefix + Array("\(slot)_\(serial) ".utf8) + body
        slots[slot] = Slot(
            datagram: datagram, serial: serial, isOpen: true, attempts: 1, firstSent: now, nextTry: now + Self.interval)
    }

    /// What to send for a slot, cookie included.
    package func datagram(slot: Int) -> [UInt8] { slots[slot].datagram }

    /// Takes a reply; `nil` if it answers nothing that is open (a late repetition, a stranger).
    package mutating func reply(_ datagram: [UInt8], at now: UInt64) -> Match? {
        guard datagram.starts(with: prefix), let space = datagram.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        let cookie = datagram[prefix.count..<space].split(separator: UInt8(ascii: "_"), maxSplits: 1)
        guard cookie.count == 2, let slot = Self.number(cookie[0]), let serial = Self.number(cookie[1]),
            slots.indices.contains(slot), slots[slot].isOpen, slots[slot].serial == serial
        else { return nil }
        slots[slot].isOpen = false
        open -= 1
        return Match(slot: slot, bodyOffset: space + 1, elapsed: now - min(now, slots[slot].firstSent))
    }

    /// The commands whose time is up at `now`; those that are given up leave their slots.
    package mutating func overdue(at now: UInt64) -> [Overdue] {
        guard open > 0 else { return [] }
        var due: [Overdue] = []
        for slot in slots.indices where slots[slot].isOpen && now >= slots[slot].nextTry {
            if slots[slot].attempts < Self.attempts {
                slots[slot].attempts += 1
                slots[slot].nextTry = now + Self.interval
                repeats += 1
                due.append(.sendAgain(slot: slot))
            } else {
                slots[slot].isOpen = false
                open -= 1
                due.append(.giveUp(slot: slot))
            }
        }
        return due
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= 9 else { return nil }
        var value = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }
}
