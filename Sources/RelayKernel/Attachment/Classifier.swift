internal import CBPF
internal import RelayCore

/// The program as a tc filter at the ingress of an interface, for kernels without tcx.
///
/// A filter outlives the process that has added it, and is replaced in one step.
enum Classifier {
    /// Where the filter is among others: first. The handle tells it from theirs, and ours from those of other tables.
    private static let priority: UInt32 = 1
    private static func handle(_ table: Int) -> UInt32 { 0x7E1A_0000 | UInt32(truncatingIfNeeded: table & 0xFFFF) }

    /// Adds the filter, or gives it another program.
    static func attach(_ program: Descriptor, to index: UInt32, table: Int) throws(SystemError) {
        try check(
            cbpf_tc_attach(program.number, Int32(index), handle(table), priority),
            "add a tc filter to interface \(index)")
    }

    /// Removes the filter; false when there was none, as most often.
    @discardableResult
    static func detach(from index: UInt32, table: Int) -> Bool {
        cbpf_tc_detach(Int32(index), handle(table), priority) == 0
    }

    /// Removes a table's filter from every interface; from how many.
    static func detachAll(table: Int) throws(SystemError) -> Int {
        try NetworkDevice.all().count { $0.isUsable && detach(from: $0.index, table: table) }
    }
}
