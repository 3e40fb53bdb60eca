/// Readers for the few files of /proc that the reports need (proc(5)). Text in, numbers out; no I/O.
package enum ProcText {
    /// Fields 14 and 15 of /proc/PID/stat: user and system time in clock ticks.
    package static func cpuTicks(stat: String) -> (user: UInt64, system: UInt64)? {
        // The second field is the name in parentheses, and may itself contain anything.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = UInt64(fields[11]), let system = UInt64(fields[12]) else { return nil }
        return (user, system)
    }

    /// The parent's process id: field 4 of /proc/PID/stat.
    package static func parent(stat: String) -> Int32? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? Int32(fields[1]) : nil
    }

    /// First field of /proc/PID/task/TID/schedstat: time on a CPU in nanoseconds.
    package static func runTime(schedstat: String) -> UInt64? {
        schedstat.split(whereSeparator: \.isWhitespace).first.flatMap { UInt64($0) }
    }

    /// A `Name:   123 kB` line of /proc/PID/status or /proc/meminfo, in bytes.
    package static func bytes(_ name: String, in text: String) -> UInt64? {
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, let kilobytes = UInt64(words[1]) else { return nil }
            return kilobytes.multipliedReportingOverflow(by: 1024).partialValue
        }
        return nil
    }

    /// A `name:   123` line of /proc/PID/fdinfo/N.
    package static func number(_ name: String, in text: String) -> UInt64? {
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            return line.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0) }
        }
        return nil
    }

    /// The `cpu` lines of /proc/stat: all processors together, in clock ticks.
    package static func machine(stat: String) -> MachineTicks? {
        guard let line = stat.split(separator: "\n").first, line.hasPrefix("cpu ") else { return nil }
        let fields = line.split(separator: " ").dropFirst().compactMap { UInt64($0) }
        guard fields.count >= 8 else { return nil }
        let processors = stat.split(separator: "\n").prefix { $0.hasPrefix("cpu") }.count - 1
        // user, nice, system, idle, iowait, irq, softirq, steal
        return MachineTicks(processors: processors, idle: fields[3] + fields[4], stolen: fields[7])
    }

    package struct MachineTicks: Equatable, Sendable {
        package let processors: Int
        /// The only times in /proc/stat that are measured: what processors do otherwise is a guess of the timer tick.
        package let idle: UInt64
        /// Time in which the hypervisor ran somebody else.
        package let stolen: UInt64

        package init(processors: Int, idle: UInt64, stolen: UInt64) {
            (self.processors, self.idle, self.stolen) = (processors, idle, stolen)
        }
    }

    /// One line of /proc/net/udp or /proc/net/udp6.
    package struct UDPSocketLine: Equatable, Sendable {
        package let port: UInt16
        package let inode: UInt64
        /// Bytes of memory that datagrams use which nobody has read yet.
        package let unread: UInt64
        /// Datagrams that the kernel dropped at this socket since it was opened.
        package let drops: UInt64

        package init(port: UInt16, inode: UInt64, unread: UInt64, drops: UInt64) {
            (self.port, self.inode, self.unread, self.drops) = (port, inode, unread, drops)
        }
    }

    package static func udpSockets(_ table: String) -> [UDPSocketLine] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 13,
                let port = fields[1].split(separator: ":").last.flatMap({ UInt16($0, radix: 16) }),
                let unread = fields[4].split(separator: ":").last.flatMap({ UInt64($0, radix: 16) }),
                let inode = UInt64(fields[9]), let drops = UInt64(fields[12])
            else { return nil }
            return UDPSocketLine(port: port, inode: inode, unread: unread, drops: drops)
        }
    }

    /// Second column of /proc/net/softnet_stat, all processors: packets dropped because a processor's queue was full,
    /// before any socket saw them.
    package static func backlogDrops(softnet: String) -> UInt64 {
        softnet.split(separator: "\n").reduce(0) { sum, line in
            let fields = line.split(separator: " ")
            return sum + (fields.count > 1 ? UInt64(fields[1], radix: 16) ?? 0 : 0)
        }
    }

    /// The inode in `socket:[123]`, as /proc/PID/fd shows it.
    package static func socketInode(link: String) -> UInt64? {
        guard link.hasPrefix("socket:["), link.hasSuffix("]") else { return nil }
        return UInt64(link.dropFirst(8).dropLast())
    }
}
