import Foundation
import Glibc
import RelayTestSupport
import Testing

/// Addresses on an interface that relayd makes itself.
@Suite(
    "Routes by an interface", .serialized,
    .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"),
    .enabled(if: RelayHost.obstacle == nil, "\(RelayHost.obstacle ?? "")"))
struct LinkRouteTests {
    /// Has `ip` do something on the relay's host.
    @discardableResult
    private static func ip(_ words: [String], beside relay: ChildProcess, in run: TestRun) async throws -> String {
        let ip = try run.start(
            "/usr/bin/nsenter", ["--net=/proc/\(relay.identifier)/ns/net", "ip"] + words, name: "ip")
        #expect(try await ip.exitStatus() == 0, "ip \(words): \(ip.lastLines)")
        return ip.log
    }

    /// What an interface of the relay's host has; `nil` when there is none, or it is down.
    private static func addresses(of interface: String, beside relay: ChildProcess, in run: TestRun) async throws
        -> String?
    {
        let shown = try await ip(["-brief", "address", "show", "up"], beside: relay, in: run)
        return shown.split(separator: "\n").first { $0.hasPrefix("\(interface) ") }.map { "\($0)" }
    }

    /// Starts a relay on a host of its own that makes the interfaces, and waits until its address is announced.
    private static func start(_ number: UInt8, in run: TestRun) async throws -> ChildProcess {
        let relay = try await RelayHost(number, in: run).start(
            try RelayProcess.executable(),
            [
                "--config-file=none", "--foreground", "--log-stderr", "--num-threads=1", "--interface=192.0.2.1",
                "--listen-ng=127.0.0.1:2223", "--announce=link:relay0",
            ], name: "relay")
        try await isAnnounced(by: relay, in: run)
        return relay
    }

    private static func isAnnounced(by relay: ChildProcess, in run: TestRun) async throws {
        _ = try await eventually("the address is there; it says: \(relay.lastLines)") {
            try await addresses(of: "relay0", beside: relay, in: run)?.contains(" 192.0.2.1/32 ") ?? false ? true : nil
        }
    }

    @Test(
        "what is not there is made, whatever the kernel has for it; its address goes when the relay goes",
        .timeLimit(.minutes(10)))
    func makesInterfaces() async throws {
        try await withTestRun("link-routes") { run in
            let relay = try await Self.start(61, in: run)
            #expect(
                try await Self.addresses(of: "relay0-drain", beside: relay, in: run)?.contains("192.0.2.1") == false)

            relay.signal(SIGTERM)
            #expect(try await relay.exitStatus() == 0)
            #expect(relay.log.contains("192.0.2.1: leaves: waits for the last packet"))
            #expect(relay.log.contains("192.0.2.1: has left"))
        }
    }

    @Test("what somebody takes away comes back, and so does what it was on", .timeLimit(.minutes(10)))
    func restores() async throws {
        try await withTestRun("link-routes-restored") { run in
            let relay = try await Self.start(62, in: run)
            #expect(!relay.log.contains("somebody else has changed"))
            for fault in [
                ["addr", "del", "192.0.2.1/32", "dev", "relay0"], ["link", "set", "relay0", "down"],
                ["link", "del", "relay0"],
            ] {
                try await Self.ip(fault, beside: relay, in: run)
                try await Self.isAnnounced(by: relay, in: run)
            }
            // Something that does not belong there goes.
            try await Self.ip(["addr", "add", "192.0.2.1/32", "dev", "relay0-drain"], beside: relay, in: run)
            _ = try await eventually("it is gone; the relay says: \(relay.lastLines)") {
                try await Self.addresses(of: "relay0-drain", beside: relay, in: run)?.contains("192.0.2.1") == false
                    ? true : nil
            }
            _ = try await eventually("it says so") {
                relay.log.contains("somebody else has changed what routes are announced on") ? true : nil
            }
        }
    }
}
