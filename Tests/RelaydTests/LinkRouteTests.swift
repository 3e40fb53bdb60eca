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
    /// What an interface of the relay's host has.
    private static func addresses(of interface: String, beside relay: ChildProcess, in run: TestRun) async throws
        -> String
    {
        let show = try run.start(
            "/usr/bin/nsenter",
            ["--net=/proc/\(relay.identifier)/ns/net", "ip", "-brief", "address", "show", interface], name: "show")
        _ = try await show.exitStatus(within: .seconds(10))
        return show.log
    }

    @Test(
        "what is not there is made, whatever the kernel has for it; its address goes when the relay goes",
        .timeLimit(.minutes(1)))
    func makesInterfaces() async throws {
        try await withTestRun("link-routes") { run in
            let host = RelayHost(61, in: run)
            let relay = try await host.start(
                try RelayProcess.executable(),
                [
                    "--config-file=none", "--foreground", "--log-stderr", "--num-threads=1", "--interface=192.0.2.1",
                    "--listen-ng=127.0.0.1:2223", "--announce=link:relay0",
                ], name: "relay")
            _ = try await eventually("the address is there; it says: \(relay.lastLines)") {
                try await Self.addresses(of: "relay0", beside: relay, in: run).contains(" 192.0.2.1/32 ") ? true : nil
            }
            #expect(try await !Self.addresses(of: "relay0-drain", beside: relay, in: run).contains("192.0.2.1"))

            // Somebody removes it, and it is made anew with what belongs on it.
            let remove = try run.start(
                "/usr/bin/nsenter", ["--net=/proc/\(relay.identifier)/ns/net", "ip", "link", "del", "relay0"],
                name: "remove")
            #expect(try await remove.exitStatus(within: .seconds(10)) == 0)
            _ = try await eventually("the address is there again; it says: \(relay.lastLines)") {
                try await Self.addresses(of: "relay0", beside: relay, in: run).contains(" 192.0.2.1/32 ") ? true : nil
            }
            relay.signal(SIGTERM)
            #expect(try await relay.exitStatus(within: .seconds(10)) == 0)
            #expect(relay.log.contains("192.0.2.1: leaves: waits for the last packet"))
            #expect(relay.log.contains("192.0.2.1: has left"))
        }
    }
}
