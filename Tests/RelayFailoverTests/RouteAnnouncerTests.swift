import Foundation
import Logging
import RelayCore
import RelayFailover
import RelayTestSupport
import Testing
import WireFormat

@Suite("How route changes are carried out")
struct RouteAnnouncerTests {
    @Test("a line for which a pipe has no room is written again, and nobody ends before that")
    func fullPipe() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("routes-\(UUID())").path
        try #require(try Program.run("/bin/sh", ["-c", "mkfifo \(path)"]).status == 0)
        defer { try? FileManager.default.removeItem(atPath: path) }
        var announcer = try RouteAnnouncer(.exabgp(pipe: path), log: Logger(label: "test"))
        let reader = try GuardedProcess.openPipe(path)
        defer { close(reader) }
        #expect(throws: SystemError.self) {
            while true { try GuardedProcess.write(String(repeating: "x", count: 4096), to: reader) }
        }
        let address = try #require(IPAddress("192.0.2.1"))
        announcer.want(.none, for: address, at: 1)
        #expect(!announcer.isIdle)
        #expect(GuardedProcess.discardInput(of: reader))
        announcer.tick(at: 1_000_000_000)
        #expect(announcer.isIdle)
        let line = FileHandle(fileDescriptor: reader, closeOnDealloc: false).availableData
        #expect(String(decoding: line, as: UTF8.self) == ExaBGPRouteDriver.line(address, .none))
    }
}
