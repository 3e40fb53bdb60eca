internal import Foundation
package import WireFormat

/// A relay that a test started, in a process of its own.
package struct RelayProcess: Sendable {
    package struct Options: Sendable {
        /// Where it listens for NG commands.
        package var control: TransportAddress
        /// The address of its media ports.
        package var media: IPAddress
        package var mediaPorts: ClosedRange<UInt16>
        /// The TOS octet of what it sends.
        package var tos: UInt8 = 0
        package var threads = 2
        /// A command that runs the relay with its arguments, such as `nsenter`.
        package var wrapper: [String] = []
        /// Options added at the end, as they are.
        package var others: [String] = []

        package init(control: TransportAddress, media: IPAddress, mediaPorts: ClosedRange<UInt16>) {
            (self.control, self.media, self.mediaPorts) = (control, media, mediaPorts)
        }

        /// On the first host of a network: commands at the first port, media from the eleventh on. Those between are for
        /// what else it listens to.
        package init(on network: LoopbackNetwork, others: [String] = []) {
            let (host, ports) = (network.host(1), network.ports)
            self.init(
                control: TransportAddress(host, port: ports.lowerBound), media: host,
                mediaPorts: ports.lowerBound + 10...ports.upperBound)
            self.others = others
        }
    }

    package let process: ChildProcess
    package let options: Options
    package let client: NGClient

    /// The relay under test: the one named by `RELAY` in the environment, else our own, as it was just built.
    ///
    /// Any relay with the same protocol and options will do, which shows that a test checks more than our own wishes:
    /// `RELAY=/usr/bin/rtpengine`.
    package static func executable() throws -> String {
        try ProcessInfo.processInfo.environment["RELAY"] ?? Executables.product("relayd")
    }

    /// True when the relay under test is our own, which keeps promises that others do not.
    package static var isOurOwn: Bool { ProcessInfo.processInfo.environment["RELAY"] == nil }

    /// Starts a relay and waits until it answers.
    ///
    /// - Parameter asked: the address to ask it at, when it listens on a wildcard.
    package static func start(
        _ options: Options, in run: TestRun, name: String = "relay", asked: IPAddress? = nil
    ) async throws -> RelayProcess {
        let command = try options.wrapper + [executable()]
        let process = try run.start(
            command[0],
            command.dropFirst() + [
                "--config-file=none", "--table=-1", "--foreground", "--log-stderr", "--log-level=6",
                "--interface=\(options.media)", "--listen-ng=\(options.control)",
                "--port-min=\(options.mediaPorts.lowerBound)", "--port-max=\(options.mediaPorts.upperBound)",
                "--tos=\(options.tos)", "--num-threads=\(options.threads)", "--delete-delay=0",
                "--pidfile=\(run.path(of: "\(name).pid"))",
            ] + options.others, name: name)
        let control = TransportAddress(asked ?? options.control.address, port: options.control.port)
        let eager = NGClient.eager(control)
        _ = try await eventually("\(name) answers a ping; it says: \(process.lastLines)") {
            guard process.isRunning else { throw Ended(description: "\(name) did not start: \(process.lastLines)") }
            return try? await eager.send(Self.ping) == Self.pong ? true : nil
        }
        // Commands are answered a moment before everything is set up.
        if isOurOwn {
            _ = try await eventually("\(name) is ready") { process.log.contains(" is ready: ") ? true : nil }
            // What waits for signals and timers is set up meanwhile: until nothing is added any more.
            var counts: [Int?] = []
            _ = try await eventually("\(name) has all that it needs", every: .milliseconds(20)) {
                counts.append(OpenSockets.descriptorCount(of: process.identifier))
                return counts.count > 4 && Set(counts.suffix(4)).count == 1 ? true : nil
            }
        }
        return RelayProcess(process: process, options: options, client: NGClient(control))
    }

    package struct Ended: Error, CustomStringConvertible { package let description: String }

    private static let ping = "d7:command4:pinge"
    private static let pong = "d6:result4:ponge"

    /// What a relay holds for its calls. After the last call it is what it was before the first.
    package struct Holdings: Equatable, Sendable {
        /// The reply to `list`.
        package let calls: String
        /// Sockets in the range of media ports.
        package let mediaSockets: [TransportAddress]
        /// All open descriptors.
        package let descriptorCount: Int?
    }

    /// Looks at what it holds now: by its own word, and by what the kernel says.
    ///
    /// - Parameter cookie: of the command, to recognise it in a capture.
    package func holdings(cookie: String = NGClient.newCookie()) async throws -> Holdings {
        let calls = try await client.send("d7:command4:liste", cookie: cookie)
        let sockets = OpenSockets.local(options.media.family == .ipv4 ? .udp : .udp6)
        return Holdings(
            calls: calls,
            mediaSockets: sockets.filter { $0.address == options.media && options.mediaPorts.contains($0.port) },
            descriptorCount: OpenSockets.descriptorCount(of: process.identifier))
    }
}
