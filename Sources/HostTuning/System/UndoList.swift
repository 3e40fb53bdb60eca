internal import Foundation

/// A script that takes back what was done, the last first. What was done at several times is all in it, so that running it
/// leaves the host as it was before the first.
package struct UndoList: Sendable {
    private static let head = """
        #!/bin/sh
        # What 'relayctl tune --apply' has changed since the start of the system, taken back. Run it as root, then delete it.
        # One card at a time: a card that had a link is waited for, 10 s at most.
        \(keepingLink)() {
            card=$1; shift
            before=$(cat "/sys/class/net/$card/carrier" 2>/dev/null); looks=100
            "$@"
            while sleep 0.1; [ "$before" = 1 ] && [ "$(cat "/sys/class/net/$card/carrier" 2>/dev/null)" != 1 ]; do
                looks=$((looks - 1))
                [ "$looks" -gt 0 ] || { echo "$card has lost its link: stopped here" >&2; exit 1; }
            done
        }
        """
    /// What a command that may stop a card is written behind, together with the name of the card.
    static let keepingLink = "keep_link"
    package let path: String

    package init(path: String) { self.path = path }

    /// Makes sure that there is a list before anything is done.
    func prepare() throws(TuningError) { try write(commands) }

    /// Puts a command in front of the others.
    func add(_ command: String) throws(TuningError) { try write([command] + commands) }

    /// Takes the latest of these commands out again.
    func remove(_ command: String) throws(TuningError) {
        var commands = self.commands
        if let place = commands.firstIndex(of: command) { commands.remove(at: place) }
        try write(commands)
    }

    package var commands: [String] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let head = Set(Self.head.split(separator: "\n"))
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") && !head.contains($0) }.map { String($0) }
    }

    private func write(_ commands: [String]) throws(TuningError) {
        let text = ([Self.head] + commands).joined(separator: "\n")
        do {
            // In one step: whatever happens to us, the list is whole.
            try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        } catch {
            throw TuningError("the list for undoing cannot be written to \(path): \(error.localizedDescription)")
        }
    }
}
