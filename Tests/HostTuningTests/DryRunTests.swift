import Foundation
import HostTuning
import Testing

/// A dry run as an operator reads it: `Golden/<host>.txt`.
@Suite struct DryRunTests {
    @Test("the dry run, line by line", arguments: ["mlx5", "mlx5-tuned", "virtio"])
    func text(name: String) throws {
        let demand = name == "virtio" ? Hosts.demand() : Hosts.demand(threads: 4, isPinned: true)
        var host = name == "virtio" ? Hosts.virtio : Hosts.mlx5()
        if name == "mlx5-tuned" {
            let pretended = PretendedHost(host)
            let undo = FileManager.default.temporaryDirectory.appending(path: "undo-\(UUID())").path
            defer { try? FileManager.default.removeItem(atPath: undo) }
            _ = try pretended.tuner(demand, undo: undo).apply()
            host = pretended.now
        }
        let text = try Planner(host, for: demand).plan.text
        let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).txt")
        #expect(text == (try? String(contentsOf: golden, encoding: .utf8)), "\(text)")
    }
}
