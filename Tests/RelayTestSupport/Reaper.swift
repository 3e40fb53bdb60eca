internal import Foundation
internal import Synchronization

/// Ends what tests started when the test process itself is gone: after a crash, a time limit, Ctrl-C.
///
/// A small shell holds the list. Its standard input is a pipe from us, and the end of that pipe is our end.
enum Reaper {
    private static let script = """
        pids=' '
        while read -r change pid; do
            case $change in
            watch) pids="$pids$pid " ;;
            release) case $pids in *" $pid "*) pids="${pids%% $pid *} ${pids#* $pid }" ;; esac ;;
            esac
        done
        for pid in $pids; do kill -KILL "-$pid" 2>/dev/null; done
        """

    private static let pipe: Mutex<FileHandle?> = {
        let pipe = Pipe()
        let shell = try? Program.start(
            "/bin/sh", ["-c", script], input: pipe.fileHandleForReading, output: .standardError)
        return Mutex(shell == nil ? nil : pipe.fileHandleForWriting)
    }()

    static func watch(_ pid: Int32) { tell("watch \(pid)\n") }

    static func release(_ pid: Int32) { tell("release \(pid)\n") }

    private static func tell(_ line: String) {
        pipe.withLock { pipe in try? pipe?.write(contentsOf: Data(line.utf8)) }
    }
}
