/// Which interrupts belong to which queues of a network card: by the device's list of them, and their names in
/// `/proc/interrupts`, which every driver makes up in its own way.
struct InterruptTable {
    /// What stands before the number of a queue: `eth0-TxRx-3`, `mlx5_comp3@pci:…`, `virtio0-input.0`, `eth0-rx-1`.
    private static let queueWords = ["txrx", "tx-rx", "rx", "tx", "input", "output", "comp", "fp", "blk", "queue"]

    private let files: KernelFiles

    init(_ files: KernelFiles) { self.files = files }

    /// - Parameter device: its folder in /sys.
    func interrupts(ofDevice device: String) -> [Interrupt] {
        let own = files.entries("\(device)/msi_irqs")
        // A virtio device has those of the PCI device above it, which its name tells from those of others.
        let (numbers, prefix) =
            own.isEmpty
            ? (files.entries("\(device)/../msi_irqs"), files.target(of: device).map { $0 + "-" } ?? "") : (own, "")
        guard !numbers.isEmpty else { return [] }
        let names = self.names
        return numbers.compactMap { Int($0) }.sorted().compactMap { number in
            guard let name = names[number], name.hasPrefix(prefix), let queue = Self.queue(of: name),
                let cores = files.text("/proc/irq/\(number)/smp_affinity_list").flatMap({ ProcessorSet(list: $0) })
            else { return nil }
            return Interrupt(number: number, queue: queue, cores: cores)
        }
    }

    private var names: [Int: String] {
        var names: [Int: String] = [:]
        for line in (files.text("/proc/interrupts") ?? "").split(separator: "\n").dropFirst() {
            let words = line.split(separator: " ")
            guard words.count > 1, let first = words.first, first.hasSuffix(":"), let number = Int(first.dropLast()),
                let name = words.last
            else { continue }
            names[number] = String(name)
        }
        return names
    }

    /// The queue that an interrupt's name speaks of; `nil` for those of other things.
    static func queue(of name: String) -> Int? {
        let name = name.prefix { $0 != "@" }
        let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let number = Int(String(digits.reversed())) else { return nil }
        let stem = name.dropLast(digits.count).lowercased().trimmingSuffix(while: "-._".contains)
        return queueWords.contains { stem.hasSuffix($0) } ? number : nil
    }
}

extension String {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> Substring {
        var rest = self[...]
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return rest
    }
}
