/// How a client sends its commands: how many are in flight, and what it does while it waits.
struct ControlPace {
    /// Calls in flight, each with one command at a time; 1 is one client in sequence.
    var width = 1
    /// Looks for the answer without a pause: it uses a whole processor, and is not woken. What is left is the relay's time.
    var staysAwake = false

    var name: String { width > 1 ? "\(width) in flight" : "in sequence" + (staysAwake ? ", client awake" : "") }

    /// What relays are compared at.
    static let compared = [ControlPace(), ControlPace(staysAwake: true), ControlPace(width: 32)]
}
