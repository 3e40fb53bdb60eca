/// What the system says of a process at one moment.
package struct ProcessLook: Equatable, Sendable {
    /// A debugger holds it, or its core is being taken (`isTraced(accordingTo:)`).
    package let isTraced: Bool
    /// Threads that run, or would if they got a processor.
    package let runnable: Int
    /// Processor time that it has had so far, in nanoseconds.
    package let processorTime: UInt64

    package init(isTraced: Bool, runnable: Int, processorTime: UInt64) {
        (self.isTraced, self.runnable, self.processorTime) = (isTraced, runnable, processorTime)
    }

    /// - Parameter status: `/proc/PID/status`. A debugger has a number there; the kernel itself, which takes cores after a
    ///   crash, has none and says so.
    package static func isTraced(accordingTo status: String) -> Bool {
        status.split(separator: "\n").contains { line in
            (line.hasPrefix("TracerPid:") || line.hasPrefix("CoreDumping:")) && !line.hasSuffix("\t0")
        }
    }
}

/// Whether a process that gives no sign of life hangs, or is kept from running. A value: looks and time go in.
struct StuckDiagnosis: Equatable, Sendable {
    private var first: (look: ProcessLook, time: UInt64)?
    private var last: (look: ProcessLook, time: UInt64)?
    /// Processor time that its threads wanted since the first look, in nanoseconds: as long as each was seen runnable.
    private var wanted: UInt64 = 0
    private var looks = 0
    private var busyLooks = 0

    static func == (one: StuckDiagnosis, other: StuckDiagnosis) -> Bool {
        one.first?.time == other.first?.time && one.last?.time == other.last?.time && one.wanted == other.wanted
            && one.looks == other.looks && one.busyLooks == other.busyLooks
    }

    mutating func add(_ look: ProcessLook, at now: UInt64) {
        if let last { wanted &+= UInt64(max(0, min(last.look.runnable, look.runnable))) &* (now &- last.time) }
        looks += 1
        if look.runnable > 0 { busyLooks += 1 }
        first = first ?? (look, now)
        last = (look, now)
    }

    /// It has something to do, or runs in circles.
    var isBusy: Bool { 2 * busyLooks > looks }

    /// To end it would help nobody just now.
    var deservesPatience: Bool {
        guard let first, let last else { return false }
        if last.look.isTraced { return true }
        // For half of the time somebody has wanted a processor and got none. One that hangs wants none; one that runs in
        // circles gets one, or the machine has too much to do.
        let got = last.look.processorTime &- min(first.look.processorTime, last.look.processorTime)
        let (elapsed, missed) = (last.time &- first.time, wanted &- min(wanted, got))
        return elapsed > 0 && missed >= elapsed / 2
    }
}
