/// How packets of an interface come to the program.
package enum AttachmentChoice: String, CaseIterable, Sendable {
    /// XDP where the driver carries it and has proved that it sends, else tc.
    case auto
    case xdp, tc
}

/// How packets of one interface come to the program now.
enum AttachmentKind: String, Sendable {
    /// In the driver, before the kernel has made a socket buffer.
    case xdp
    /// At the ingress of the interface, by a link (Linux 6.6).
    case tcx
    /// At the same place, as a filter of the `clsact` queueing discipline.
    case clsact
}
