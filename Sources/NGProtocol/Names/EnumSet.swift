/// A set of the cases of one small enum, in two registers instead of on the heap.
///
/// Other modules get the bodies, too: without them every question takes a look-up of generic metadata.
package struct EnumSet<Element: RawRepresentable<UInt8> & CaseIterable & Sendable>: Equatable, Sendable {
    /// Bit n stands for the case with raw value n. An enum of more than 128 cases does not fit; the tests count them.
    @usableFromInline
    var bits: UInt128 = 0

    /// The empty set.
    @inlinable
    package init() {}

    @inlinable
    static func bit(_ element: Element) -> UInt128 { 1 << UInt128(element.rawValue) }

    @inlinable
    package var isEmpty: Bool { bits == 0 }

    /// The number of cases in the set.
    package var count: Int { bits.nonzeroBitCount }

    @inlinable
    package func contains(_ element: Element) -> Bool { bits & Self.bit(element) != 0 }

    @inlinable
    package mutating func insert(_ element: Element) { bits |= Self.bit(element) }

    @inlinable
    package mutating func remove(_ element: Element) { bits &= ~Self.bit(element) }

    @inlinable
    package mutating func formUnion(_ other: EnumSet) { bits |= other.bits }

    @inlinable
    package func intersection(_ other: EnumSet) -> EnumSet {
        var result = self
        result.bits &= other.bits
        return result
    }

    @inlinable
    package func subtracting(_ other: EnumSet) -> EnumSet {
        var result = self
        result.bits &= ~other.bits
        return result
    }

    /// The cases in the set, in the order of their declaration.
    package var elements: [Element] { isEmpty ? [] : Element.allCases.filter(contains) }
}

extension EnumSet: ExpressibleByArrayLiteral {
    @inlinable
    package init(arrayLiteral elements: Element...) {
        for element in elements { insert(element) }
    }
}

extension EnumSet: CustomStringConvertible {
    /// For test failures and logs.
    package var description: String { "\(elements)" }
}
