internal import Foundation
internal import Glibc

/// What crosses an interface, recorded by `tcpdump`: a witness that is neither the relay nor its test.
package struct PacketCapture: Sendable {
    private let process: ChildProcess
    private let path: String

    /// True when this process may capture and open raw sockets (CAP_NET_RAW).
    package static var isAllowed: Bool {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
            let capabilities = UInt64(line.dropFirst("CapEff:".count).drop(while: \.isWhitespace), radix: 16)
        else { return false }
        return capabilities >> 13 & 1 == 1
    }

    /// Starts capturing on an interface, and returns when no packet will be missed any more.
    package static func start(_ filter: String, on interface: String = "lo", in run: TestRun) async throws
        -> PacketCapture
    {
        let path = run.path(of: "capture.pcap")
        // Root would hand the file to another user; anybody else has no rights to drop.
        let keepUser = getuid() == 0 ? ["-Z", "root"] : []
        let process = try run.start(
            Executables.require("tcpdump"),
            // Not in immediate mode, in which every packet takes as much of the buffer as the longest.
            ["-i", interface, "-n", "-U", "-B", "32768", "-w", path] + keepUser + [filter],
            name: "tcpdump")
        _ = try await eventually("tcpdump listens; it says: \(process.lastLines)") {
            guard process.isRunning else { throw Problem(description: "tcpdump did not start: \(process.lastLines)") }
            return process.log.contains("listening on") ? true : nil
        }
        return PacketCapture(process: process, path: path)
    }

    package struct Problem: Error, CustomStringConvertible { package let description: String }

    /// Ends the capture and reads it.
    ///
    /// - Parameter mark: bytes in a datagram sent after everything of interest; the file is complete once it has them.
    package func stop(after mark: String) async throws -> [CapturedDatagram] {
        let mark = Data(mark.utf8)
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        _ = try await eventually("the capture has \(mark)", every: .milliseconds(50)) {
            let end = try file.seekToEnd()
            try file.seek(toOffset: end - min(end, 65_536))
            return try file.readToEnd()?.range(of: mark).map { _ in true }
        }
        process.signal(SIGTERM)
        _ = try await process.exitStatus()
        guard process.log.contains("\n0 packets dropped by kernel") else {
            throw Problem(description: "the capture is not complete: \(process.lastLines)")
        }
        return try CaptureFile.datagrams(in: path)
    }
}
