import Foundation
import Glibc
import RelayStore
import RelayTestSupport
import Testing
import WireFormat

extension RedisSettings {
    /// Of a server that never hangs: however busy the machine is, no connection is given up.
    init(patientWith location: RedisLocation) {
        self.init(location)
        patience = RedisPatience(connecting: .seconds(30), answering: .seconds(30))
    }
}

/// A Redis that a test started, and does bad things to.
final class RedisServer {
    let address: TransportAddress
    private let run: TestRun
    private let name: String
    private let options: [String]
    private(set) var process: ChildProcess
    private let directory: String

    /// Starts one that keeps its data on disk, so that a restart brings it back.
    static func start(
        _ name: String = "redis", at address: TransportAddress, in run: TestRun, _ options: [String] = []
    ) async throws -> RedisServer {
        let server = try RedisServer(name, at: address, in: run, options)
        try await server.awaitAnswer()
        return server
    }

    private init(_ name: String, at address: TransportAddress, in run: TestRun, _ options: [String]) throws {
        (self.name, self.address, self.run, self.options) = (name, address, run, options)
        directory = run.path(of: name)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        process = try Self.launch(name, address, run, directory, options)
    }

    private static func launch(
        _ name: String, _ address: TransportAddress, _ run: TestRun, _ directory: String, _ options: [String]
    ) throws -> ChildProcess {
        try run.start(
            Executables.require("redis-server"),
            [
                "--bind", "\(address.address)", "--port", "\(address.port)", "--protected-mode", "no", "--dir",
                directory,
                "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--repl-diskless-sync-delay", "0",
            ] + options, name: name)
    }

    /// Asks until it answers.
    func awaitAnswer() async throws {
        _ = try await eventually("\(name) answers: \(process.lastLines)") {
            try await command("PING") == "PONG" ? true : nil
        }
    }

    /// Runs one command, with redis-cli.
    @discardableResult
    func command(_ words: String...) async throws -> String { try await command(words) }

    @discardableResult
    func command(_ words: [String]) async throws -> String {
        let client = try run.start(
            Executables.require("redis-cli"), ["-h", "\(address.address)", "-p", "\(address.port)"] + words,
            name: "\(name)-cli")
        _ = try await client.exitStatus()
        return client.log.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Ends it without notice.
    func kill() async throws {
        process.signal(SIGKILL)
        _ = try await process.exitStatus()
    }

    /// Copies what it has on disk, while nothing is written.
    func dump() throws -> String {
        let copy = run.path(of: "\(name)-dump")
        try FileManager.default.copyItem(atPath: directory, toPath: copy)
        return copy
    }

    /// Starts it again with what it had once.
    func restart(from dump: String) async throws {
        try FileManager.default.removeItem(atPath: directory)
        try FileManager.default.copyItem(atPath: dump, toPath: directory)
        try await restart(empty: false)
    }

    /// Starts it again.
    ///
    /// - Parameter empty: without what it had.
    func restart(empty: Bool) async throws {
        if empty {
            try FileManager.default.removeItem(atPath: directory)
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }
        process = try Self.launch(name, address, run, directory, options)
        try await awaitAnswer()
    }

    /// Lets it hang, connections and all.
    func hang() { process.signal(SIGSTOP) }

    func goOn() { process.signal(SIGCONT) }
}

/// A Sentinel over a master, for fail-overs.
struct RedisSentinel {
    let address: TransportAddress
    private let process: ChildProcess

    static func start(
        at address: TransportAddress, and others: [IPAddress] = [], over master: TransportAddress, in run: TestRun
    ) async throws -> RedisSentinel {
        let file = run.path(of: "sentinel.conf")
        let text = """
            bind \(address.address) \(others.map { "\($0)" }.joined(separator: " "))
            port \(address.port)
            protected-mode no
            sentinel monitor main \(master.address) \(master.port) 1
            sentinel down-after-milliseconds main 2000
            sentinel failover-timeout main 5000

            """
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let process = try run.start(Executables.require("redis-server"), [file, "--sentinel"], name: "sentinel")
        return RedisSentinel(address: address, process: process)
    }

    /// Lets it hang, connections and all.
    func hang() { process.signal(SIGSTOP) }

    func goOn() { process.signal(SIGCONT) }

    /// What it says about the replicas or the master.
    func ask(_ run: TestRun, _ words: String...) async throws -> String {
        let client = try run.start(
            Executables.require("redis-cli"),
            ["-h", "\(address.address)", "-p", "\(address.port)", "SENTINEL"] + words,
            name: "sentinel-cli")
        _ = try await client.exitStatus()
        return client.log
    }
}
