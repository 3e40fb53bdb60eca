/// What a plane has received since its start, on all ports, those of ended calls included; and what is open now.
package struct PlaneTotals: Hashable, Sendable {
    /// Packets that went through user space or the kernel's plane.
    package struct Path: Hashable, Sendable {
        /// Datagrams received from endpoints, and the octets of their UDP payloads.
        package var packets: UInt64 = 0
        package var bytes: UInt64 = 0
        /// Datagrams that were dropped.
        package var errors: UInt64 = 0
        /// Streams (ports) that this path serves now.
        package var streams = 0

        package init() {}
    }

    package var user = Path()
    package var kernel = Path()
    /// Streams (ports) that user space serves because the kernel has no room for them.
    package var leftOut = 0

    package init() {}
}

extension ForwardingPlane {
    package var totals: PlaneTotals { PlaneTotals() }
}
