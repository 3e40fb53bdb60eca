import Foundation
import Glibc
import RelayTestSupport
import Testing
import WireFormat

/// What relayd's guard does for the relay, seen from outside.
@Suite("The guard", .serialized, .enabled(if: RelayProcess.isOurOwn, "a promise of our own relay"))
struct GuardTests {
    private static let ping = "d7:command4:pinge"
    private static let pong = "d6:result4:ponge"

    private static func start(in run: TestRun, with others: [String] = []) async throws -> RelayProcess {
        let options = RelayProcess.Options(on: try LoopbackNetwork(portCount: 30), others: others)
        let relay = try await RelayProcess.start(options, in: run)
        // Before that it answers, too, but its guard would take its end for a start that fails.
        _ = try await eventually("it is ready") { relay.process.log.contains("is ready: NG on") ? true : nil }
        return relay
    }

    /// The relay itself, which the guard has started; commands that announce are other children, for a moment.
    private static func child(of relay: RelayProcess, otherThan old: Int32? = nil) async throws -> Int32 {
        try await eventually("the guard has a child") {
            let children = OpenSockets.children(of: relay.process.identifier)
            return children.count == 1 && children.first != old ? children.first : nil
        }
    }

    @Test("a killed relay is started again, and a command that comes meanwhile is answered", .timeLimit(.minutes(10)))
    func restarts() async throws {
        try await withTestRun("guard-restarts") { run in
            let relay = try await Self.start(in: run)
            let first = try await Self.child(of: relay)
            kill(first, SIGKILL)
            // The dying relay may still take the first one; nothing is ever refused, which would be an error at once.
            #expect(try await relay.client.send(Self.ping) == Self.pong)
            #expect(try await Self.child(of: relay, otherThan: first) != first)
            relay.process.signal(SIGTERM)
            #expect(try await relay.process.exitStatus() == 0)
        }
    }

    @Test(
        "a killed relay comes back with the options that it had, whatever the file says by then",
        .timeLimit(.minutes(10)))
    func keepsOptions() async throws {
        try await withTestRun("guard-keeps-options") { run in
            let file = run.path(of: "relay.conf")
            try Text.write("[rtpengine]\ntimeout = 30\nsurprise = 1\n", to: file)
            let network = try LoopbackNetwork(portCount: 30)
            let console = TransportAddress(network.host(1), port: network.ports.lowerBound + 1)
            let relay = try await RelayProcess.start(
                RelayProcess.Options(on: network, others: ["--config-file=\(file)", "--listen-cli=\(console)"]), in: run
            )
            func ask(_ line: String) async throws -> String {
                let connection = try await TextConnection.open(console)
                try await connection.send("\(line)\n")
                return try await connection.everything()
            }
            try Text.write("[rtpengine]\ntimeout = 40\nmos = LQ\n", to: file)
            relay.process.signal(SIGHUP)
            _ = try await eventually("the file is taken") {
                relay.process.log.contains("SIGHUP: takes a restart: mos: cq => lq") ? true : nil
            }
            #expect(try await ask("set maxsessions 7") == "Success setting maxsessions to 7\n")
            try Text.write("[rtpengine\nnonsense", to: file)
            let first = try await Self.child(of: relay)

            kill(first, SIGKILL)

            _ = try await Self.child(of: relay, otherThan: first)
            #expect(try await relay.client.send(Self.ping) == Self.pong)
            _ = try await eventually("the console has its commands") {
                relay.process.log.components(separatedBy: " is ready: ").count == 3 ? true : nil
            }
            #expect(try await ask("list timeout") == "TIMEOUT=40\n")
            #expect(try await ask("params current").contains("\nmos = cq\n"))
            #expect(try await ask("params diff") == "max-sessions: -1 => 7\ntimeout: 30 => 40\n")
            #expect(try await ask("params revert") == "")
            #expect(try await ask("list timeout") == "TIMEOUT=30\n")
            #expect(relay.process.log.components(separatedBy: "'surprise' is not an option").count == 2, "said once")
        }
    }

    @Test(
        "media ports of a relay that was killed refuse nothing until there is another one",
        .enabled(if: PortMode.obstacle == nil, "\(PortMode.obstacle ?? "")"), .timeLimit(.minutes(10)))
    func refusesNothing() async throws {
        try await withTestRun("guard-refuses-nothing") { run in
            let relay = try await Self.start(in: run, with: ["--port-sockets=shared"])
            let offer =
                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
            let reply = try await relay.client.send(
                "d7:command5:offer7:call-id1:x8:from-tag1:a3:sdp\(offer.utf8.count):\(offer)e")
            let media = try #require(reply.firstMatch(of: /m=audio (\d+)/).flatMap { UInt16($0.1) })
            let port = TransportAddress(relay.options.media, port: media)
            let child = try await Self.child(of: relay)
            // A guard that is stopped starts no other one.
            relay.process.signal(SIGSTOP)
            defer { relay.process.signal(SIGCONT) }
            kill(child, SIGKILL)
            _ = try await eventually("the relay is gone") {
                OpenSockets.areClosed(by: child) ? true : nil
            }
            #expect(try await !RefusalProbe.isRefused(port))
        }
    }

    @Test("when the guard is killed the relay ends too", .timeLimit(.minutes(10)))
    func guardDies() async throws {
        try await withTestRun("guard-dies") { run in
            let relay = try await Self.start(in: run)
            let child = try await Self.child(of: relay)
            relay.process.signal(SIGKILL)
            _ = try await eventually("the relay is gone") { kill(child, 0) != 0 ? true : nil }
        }
    }

    @Test("signals for the log are passed on, and end nothing", .timeLimit(.minutes(10)))
    func passesSignalsOn() async throws {
        try await withTestRun("guard-passes-signals-on") { run in
            let relay = try await Self.start(in: run)
            let child = try await Self.child(of: relay)
            _ = try await eventually("the relay notes SIGHUP") {
                for signal in [SIGUSR1, SIGUSR2, SIGHUP] { relay.process.signal(signal) }
                return relay.process.log.contains("SIGHUP") ? true : nil
            }
            #expect(try await relay.client.send(Self.ping) == Self.pong)
            #expect(try await Self.child(of: relay) == child)
        }
    }

    @Test("without a guard there is one process", .timeLimit(.minutes(10)))
    func withoutGuard() async throws {
        try await withTestRun("no-guard") { run in
            let relay = try await Self.start(in: run, with: ["--no-guard"])
            #expect(OpenSockets.children(of: relay.process.identifier) == [])
            relay.process.signal(SIGTERM)
            #expect(try await relay.process.exitStatus() == 0)
        }
    }

    /// A relay whose route changes are lines of a file.
    private struct Announcing {
        let relay: RelayProcess
        let file: String

        /// - Parameter obstacle: what the command does first.
        init(in run: TestRun, with others: [String] = [], obstacle: String = "") async throws {
            file = run.path(of: "routes")
            relay = try await GuardTests.start(
                in: run, with: ["--announce=exec:\(obstacle)echo $LEVEL $PREFIX >>\(file)"] + others)
            try await becomes("home")
        }

        /// What was announced so far.
        var levels: [String] {
            let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").compactMap { $0.split(separator: " ").first.map { String($0) } }
        }

        /// Waits until a level is the last one. How often a level comes is the policy's test: on a machine with too much to
        /// do the guard may hide a relay that only waits.
        func becomes(_ expected: String) async throws {
            _ = try await eventually("\(expected), at the end of \(levels)") { levels.last == expected ? true : nil }
        }

        /// Waits until a level has come after so many changes, be it over by now.
        func comes(_ expected: String, after count: Int) async throws {
            _ = try await eventually("\(expected), after \(count) of \(levels)") {
                levels.dropFirst(count).contains(expected) ? true : nil
            }
        }

        /// Waits until a process is gone.
        func ends(_ process: Int32) async throws {
            _ = try await eventually("\(process) is gone") { kill(process, 0) != 0 ? true : nil }
        }
    }

    @Test("a command of --announce that fails is run again until it succeeds", .timeLimit(.minutes(10)))
    func repeatsCommands() async throws {
        try await withTestRun("guard-commands") { run in
            let mark = run.path(of: "mark")
            let scene = try await Announcing(
                in: run, obstacle: "if [ ! -e \(mark)-$LEVEL ]; then touch \(mark)-$LEVEL; exit 3; fi; ")
            #expect(scene.relay.process.log.contains("failed with status 3"))
            scene.relay.process.signal(SIGTERM)
            #expect(try await scene.relay.process.exitStatus() == 0)
            #expect(scene.levels.last == "none", "also at the end")
        }
    }

    @Test("a relay that hangs is the last resort, and what it was once it answers again", .timeLimit(.minutes(10)))
    func hides() async throws {
        try await withTestRun("guard-hides") { run in
            let scene = try await Announcing(in: run)
            let (child, before) = (try await Self.child(of: scene.relay), scene.levels.count)
            kill(child, SIGSTOP)
            try await scene.comes("last-resort", after: before)
            kill(child, SIGCONT)
            try await scene.becomes("home")
            // Another one, if it has taken us too long to let it go on.
            let (living, count) = (try await Self.child(of: scene.relay), scene.levels.count)
            kill(living, SIGKILL)
            try await scene.ends(living)
            try await scene.comes("home", after: count)
            scene.relay.process.signal(SIGTERM)
            #expect(try await scene.relay.process.exitStatus() == 0)
            #expect(scene.levels.suffix(2) == ["last-resort", "none"])
        }
    }

    @Test("a relay that goes on hanging is replaced by another one", .timeLimit(.minutes(10)))
    func replaces() async throws {
        try await withTestRun("guard-replaces") { run in
            let scene = try await Announcing(in: run)
            let (child, before) = (try await Self.child(of: scene.relay), scene.levels.count)
            kill(child, SIGSTOP)
            try await scene.comes("last-resort", after: before)
            try await scene.ends(child)
            try await scene.becomes("home")
            #expect(try await scene.relay.client.send(Self.ping) == Self.pong)
        }
    }

    @Test(
        "a killed relay is withdrawn while another one is in step, and is the last resort when there is none",
        .timeLimit(.minutes(10)),
        .enabled(if: Executables.missing(["redis-server"]).isEmpty, "redis-server is not installed"))
    func withdrawsForBackup() async throws {
        try await withTestRun("guard-withdraws-for-backup") { run in
            let network = try LoopbackNetwork(portCount: 40)
            let (redis, console) = (network.ports.lowerBound, network.ports.lowerBound + 1)
            _ = try run.start(
                Executables.require("redis-server"),
                [
                    "--bind", "\(network.host(100))", "--port", "\(redis)", "--protected-mode", "no", "--save", "",
                    "--dir", run.directory,
                ], name: "redis")
            let sharing = ["--redis=\(network.host(100)):\(redis)"]
            let scene = try await Announcing(
                in: run, with: sharing + ["--node=one", "--listen-cli=\(network.host(100)):\(console)"])
            // Seen several times: by then the guard has heard of it with a sign of life.
            func hears(_ words: String) async throws {
                var times = 0
                _ = try await eventually("'\(words)'", every: .milliseconds(100)) {
                    let client = try run.start(
                        Executables.product("relayctl"), ["--address=\(network.host(100)):\(console)", "cluster"],
                        name: "cluster")
                    _ = try await client.exitStatus()
                    if client.log.contains(words) { times += 1 }
                    return times == 4 ? true : nil
                }
            }
            /// What is announced from the death of the relay to the return of its address. On a busy machine it may count as
            /// hung for a moment before, and after.
            func killOne() async throws -> [String] {
                _ = try await eventually("it serves") { scene.levels.last == "home" ? true : nil }
                let child = try await Self.child(of: scene.relay)
                let before = scene.levels.count
                kill(child, SIGKILL)
                _ = try await Self.child(of: scene.relay, otherThan: child)
                _ = try await eventually("it is back") {
                    scene.levels.count > before && scene.levels.last == "home" ? true : nil
                }
                return Array(scene.levels[before...])
            }
            var other = RelayProcess.Options(
                control: TransportAddress(network.host(2), port: console), media: network.host(2),
                mediaPorts: console + 1...console + 30)
            other.others = sharing + ["--node=two", "--backup-interface=\(scene.relay.options.media)"]
            let backup = try await RelayProcess.start(other, in: run, name: "backup")
            try await hears("Peer two: in step")
            #expect(try await killOne().contains("none"))

            backup.process.signal(SIGTERM)
            _ = try await backup.process.exitStatus()
            try await hears("Peer two: gone")
            let alone = try await killOne()
            #expect(alone.contains("last-resort") && !alone.contains("none"), "\(alone)")
        }
    }

    @Test(
        "a media thread that hangs is noticed although commands are answered", .timeLimit(.minutes(10)),
        .enabled(if: Executables.missing(["python3"]).isEmpty, "python3 is not installed"))
    func mediaThreadHangs() async throws {
        try await withTestRun("guard-media-thread") { run in
            let scene = try await Announcing(in: run)
            let (child, before) = (try await Self.child(of: scene.relay), scene.levels.count)
            let holder = try run.start("lab/hold-thread", ["\(child)", "media-1"], name: "holder")
            _ = try await eventually("the thread is held: \(holder.lastLines)") {
                holder.log.contains("held") ? true : nil
            }
            #expect(try await scene.relay.client.send(Self.ping) == Self.pong)
            try await scene.comes("last-resort", after: before)
            // On a busy machine it may have counted as stuck before.
            _ = try await eventually("it is said") {
                scene.relay.process.log.contains("media thread 1 hangs") ? true : nil
            }
            try await scene.ends(child)
            try await scene.becomes("home")
        }
    }

    @Test("when the guard is killed the relay withdraws its addresses by itself, and ends", .timeLimit(.minutes(10)))
    func withdrawsWithoutGuard() async throws {
        try await withTestRun("guard-is-killed") { run in
            let scene = try await Announcing(in: run)
            let child = try await Self.child(of: scene.relay)
            scene.relay.process.signal(SIGKILL)
            try await scene.ends(child)
            try await scene.becomes("none")
            #expect(scene.levels.suffix(2) == ["last-resort", "none"])
        }
    }

    @Test("a relay that is asked once more while it ends goes on ending", .timeLimit(.minutes(10)))
    func endsInPeace() async throws {
        try await withTestRun("guard-ends-in-peace") { run in
            // Somebody goes on sending packets to the address, so that it waits for them to stop.
            let scene = try await Announcing(in: run, with: ["--drain-timeout=1"])
            let child = try await Self.child(of: scene.relay)
            kill(child, SIGTERM)
            _ = try await eventually("it says that it stops") {
                scene.relay.process.log.contains("relayd stops") ? true : nil
            }
            for signal in [SIGTERM, SIGINT] { kill(child, signal) }
            #expect(try await scene.relay.process.exitStatus() == 0)
            #expect(scene.relay.process.log.contains("has ended with status 0"))
        }
    }

    @Test("asked twice to end, it does so at once", .timeLimit(.minutes(10)))
    func endsAtOnce() async throws {
        try await withTestRun("guard-ends-at-once") { run in
            let relay = try await Self.start(in: run)
            let child = try await Self.child(of: relay)
            kill(child, SIGSTOP)
            relay.process.signal(SIGTERM)
            _ = try await eventually("the guard has seen the first one") {
                relay.process.signal(SIGTERM)
                return relay.process.isRunning ? nil : true
            }
            #expect(try await relay.process.exitStatus() == 128 + SIGKILL)
            #expect(kill(child, 0) != 0)
        }
    }
}
