internal import Foundation
internal import RelayCore
package import WireFormat

/// What the kernel knows of open sockets and descriptors (proc(5)).
package enum OpenSockets {
    package enum Table: String, CaseIterable, Sendable { case udp, udp6, tcp, tcp6 }

    /// The local addresses of all sockets of a kind in this network namespace.
    package static func local(_ table: Table) -> [TransportAddress] {
        guard let text = SystemFile.text("/proc/net/\(table.rawValue)") else { return [] }
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            return fields.count > 1 ? address(fields[1]) : nil
        }
    }

    /// How many descriptors a process and its children hold; `nil` when it is gone or not ours to look at.
    package static func descriptorCount(of pid: Int32) -> Int? {
        ([pid] + children(of: pid)).reduce(0 as Int?) { sum, process in
            guard let sum, let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
            else {
                return nil
            }
            return sum + files.count
        }
    }

    /// The processes that a process has started and that have not ended.
    package static func children(of pid: Int32) -> [Int32] {
        let list = try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .ascii)
        return (list ?? "").split(separator: " ").compactMap { Int32($0) }
    }

    /// Whether a process has ended with all its threads, and closed what it had open; its parent need not know.
    package static func areClosed(by pid: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return true }
        let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
        return status.contains("State:\tZ") && (threads ?? []).count <= 1
    }

    /// Waits until a UDP port is free. A program that is being started has the sockets of this process until it really runs,
    /// also those that are closed here meanwhile.
    package static func requireFree(_ port: TransportAddress) async throws {
        _ = try await eventually("\(port) is free") { () -> Bool? in
            guard let socket = try? UDPSocket.open(at: port, tos: 0) else { return nil }
            socket.close()
            return true
        }
    }

    /// `0100007F:1F90`: the address as numbers of 32 bits in the machine's order, the port as a number.
    private static func address(_ field: Substring) -> TransportAddress? {
        let parts = field.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1], radix: 16) else { return nil }
        var words: [UInt32] = []
        var rest = parts[0]
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            words.append(UInt32(bigEndian: word))
            rest = rest.dropFirst(8)
        }
        switch words.count {
        case 1: return TransportAddress(IPAddress(ipv4: words[0]), port: port)
        case 4:
            let halves = (UInt64(words[0]) << 32 | UInt64(words[1]), UInt64(words[2]) << 32 | UInt64(words[3]))
            return TransportAddress(IPAddress(ipv6High: halves.0, low: halves.1), port: port)
        default: return nil
        }
    }
}
