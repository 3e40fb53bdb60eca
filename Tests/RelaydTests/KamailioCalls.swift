import Foundation
import RelayTestSupport
import WireFormat

/// Calls from one SIPp through Kamailio to another, their media through a relay.
struct KamailioCalls {
    /// The programs that it takes.
    static let programs = ["kamailio", "sipp"]

    private let calls: Int
    private let course: Course
    private let run: TestRun
    private let network: LoopbackNetwork

    /// The run's ports, counted from the first.
    private enum Port {
        static let control: UInt16 = 0
        static let sip: UInt16 = 1
        static let media: UInt16 = 10
        /// SIPp goes on by four from call to call, and keeps the first for itself.
        static func mediaCount(calls: Int) -> UInt16 { 4 * UInt16(calls + 1) }
    }

    /// What the parties do.
    enum Course {
        /// Talk: SIPp plays the recording both ways, which takes raw sockets.
        case talk
        /// Keep quiet until `hangUp`; somebody else plays.
        case hold
        /// The caller gives up before the callee answers.
        case cancel
    }

    init(_ calls: Int, _ course: Course, in run: TestRun) throws {
        (self.calls, self.course, self.run) = (calls, course, run)
        network = try LoopbackNetwork(portCount: Port.media + Port.mediaCount(calls: calls))
    }

    var caller: TransportAddress { TransportAddress(network.host(3), port: port(Port.sip)) }
    var callee: TransportAddress { TransportAddress(network.host(4), port: port(Port.sip)) }
    /// What `tcpdump` has to look at.
    var captureFilter: String { network.captureFilter }
    private var proxy: TransportAddress { TransportAddress(network.host(2), port: port(Port.sip)) }
    private var control: TransportAddress { TransportAddress(network.host(1), port: port(Port.control)) }
    private func port(_ offset: UInt16) -> UInt16 { network.ports.lowerBound + offset }

    func startRelay(tos: UInt8) async throws -> RelayProcess {
        var options = RelayProcess.Options(
            control: control, media: control.address, mediaPorts: port(Port.media)...network.ports.upperBound)
        options.tos = tos
        return try await RelayProcess.start(options, in: run)
    }

    /// - Parameter settings: more of those that the configuration file looks for.
    @discardableResult
    func startKamailio(_ settings: [String] = []) async throws -> ChildProcess {
        let process = try run.start(
            Executables.require("kamailio"),
            [
                "-f", Self.file("kamailio.cfg"), "-DD", "-E", "-m", "16", "-M", "4",
                "-Y", run.directory, "-P", run.path(of: "kamailio.pid"),
                "-A", "LISTEN=udp:\(proxy)", "-A", "RELAY_NG=\"udp:\(control)\"",
            ] + settings.flatMap { ["-A", $0] }, name: "kamailio")
        try await socket(at: proxy, of: process)
        return process
    }

    /// Starts all calls at once.
    func startCalls() async throws -> Parties {
        let answering = try startSIPp("callee", at: callee)
        try await socket(at: callee, of: answering)
        let calling = try startSIPp(
            "caller", at: caller, ["\(proxy)", "-key", "callee", "\(callee)", "-l", "\(calls)", "-r", "\(calls)"])
        return Parties(calling: calling, answering: answering, run: run)
    }

    /// The two SIPp.
    struct Parties {
        fileprivate let calling, answering: ChildProcess
        fileprivate let run: TestRun

        /// Waits until the last call has ended. Throws what SIPp says when one failed.
        func finish() async throws {
            for party in [calling, answering] {
                guard try await party.exitStatus() == 0 else {
                    let errors = try? String(contentsOfFile: run.path(of: "\(party.name).errors"), encoding: .utf8)
                    throw CallsFailed(description: "\(party.name): \(errors ?? "")\n\(party.log)")
                }
            }
        }
    }

    struct CallsFailed: Error, CustomStringConvertible { let description: String }

    private func startSIPp(_ role: String, at address: TransportAddress, _ others: [String] = []) throws -> ChildProcess
    {
        try run.start(
            Executables.require("sipp"),
            others + [
                "-sf", try scenario(role), "-i", "\(address.address)", "-p", "\(address.port)",
                "-mi", "\(address.address)", "-mp", "\(port(Port.media))", "-m", "\(calls)",
                "-nostdin", "-timeout", "300", "-timeout_error",
                "-trace_err", "-error_file", run.path(of: "\(role).errors"),
                "-trace_msg", "-message_file", run.path(of: "\(role).messages"),
            ], name: role)
    }

    private func scenario(_ role: String) throws -> String {
        switch course {
        case .talk: Self.file("\(role).xml")
        case .cancel: Self.file(role == "caller" ? "caller-cancels.xml" : "callee-rings.xml")
        case .hold: try quietScenario(role)
        }
    }

    /// A copy of the scenario of a party that plays nothing, and hangs up when it is told to.
    private func quietScenario(_ role: String) throws -> String {
        let text = try String(contentsOfFile: Self.file("\(role).xml"), encoding: .utf8)
        let lines = text.components(separatedBy: "\n").map { line in
            if line.contains("<exec play_pcap_audio=") { return "" }
            return line.contains("<pause ") ? "<recv request=\"INFO\"/>" : line
        }
        let copy = run.path(of: "\(role).xml")
        try lines.joined(separator: "\n").write(toFile: copy, atomically: false, encoding: .utf8)
        return copy
    }

    /// Tells the caller to end all calls that are on hold: SIPp goes on when a call's INFO arrives, from wherever.
    func hangUp() async throws {
        let endpoint = try await UDPEndpoint(at: TransportAddress(network.host(5), port: port(Port.sip)))
        defer { endpoint.close() }
        let ids = Set(loggedMessages.compactMap { SIPMessage($0.payload)?.callID })
        for id in ids {
            let info = ["INFO sip:caller SIP/2.0", "To: <sip:caller>", "Call-ID: \(id)", "CSeq: 1 INFO", "", ""]
            try await endpoint.send(Array(info.joined(separator: "\r\n").utf8), to: caller)
        }
    }

    /// The SIP messages that the parties have logged so far: the caller's, then the callee's.
    var loggedMessages: [CapturedDatagram] {
        [("caller", caller), ("callee", callee)].flatMap { role, party in
            let log = (try? String(contentsOfFile: run.path(of: "\(role).messages"), encoding: .utf8)) ?? ""
            return log.components(separatedBy: "----------------------------------------------- ").compactMap {
                entry -> CapturedDatagram? in
                guard let start = entry.range(of: ":\n\n") else { return nil }
                let isSent = entry[..<start.lowerBound].contains("message sent")
                return CapturedDatagram(
                    source: isSent ? party : proxy, destination: isSent ? proxy : party,
                    payload: Array(entry[start.upperBound...].utf8))
            }
        }
    }

    /// What came of the calls, from SIP and media as a witness saw them.
    func report(_ datagrams: [CapturedDatagram], from relay: RelayProcess) -> CallReport {
        CallReport(
            datagrams, caller: caller.address, callee: callee.address,
            relay: relay.options.media, mediaPorts: relay.options.mediaPorts)
    }

    /// Where the parties' media ports are.
    var mediaPorts: [TransportAddress] {
        (1...calls).flatMap { call in [caller, callee].map { $0.with(port: port(Port.media) + 4 * UInt16(call)) } }
    }

    private func socket(at address: TransportAddress, of process: ChildProcess) async throws {
        _ = try await eventually("\(process.name) listens at \(address); it says: \(process.lastLines)") {
            OpenSockets.local(.udp).contains(address) ? true : nil
        }
    }

    /// A file of Tests/EndToEnd.
    static func file(_ name: String) -> String {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return tests.appendingPathComponent("EndToEnd").appendingPathComponent(name).path
    }
}
