internal import CLinux
internal import Glibc
internal import Synchronization

/// A POSIX thread that runs one function to its end.
///
/// The media path is synchronous and may be pinned to a core; Swift's cooperative pool offers neither.
package final class SystemThread: Sendable {
    private struct Start: Sendable {
        let name: String
        let core: Int?
        let takesSignals: Bool
        let body: @Sendable () -> Void
    }
    private final class Box {
        let start: Start
        init(_ start: Start) { self.start = start }
    }
    private let handle: Mutex<pthread_t?>

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: shown by `top -H`; 15 characters count.
    ///   - core: the core it stays on, or `nil` to let the scheduler choose.
    ///   - takesSignals: false to leave signals to other threads; what it writes to a closed pipe then fails, and does not
    ///     end the process.
    package init(
        name: String, core: Int? = nil, takesSignals: Bool = true, body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        var thread = pthread_t()
        let start = Start(name: name, core: core, takesSignals: takesSignals, body: body)
        let box = unsafe Unmanaged.passRetained(Box(start))
        // SAFETY: the box is retained above and released exactly once, by the new thread or, if there is none, below.
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().start
                unsafe clinux_name_thread(start.name)
                if !start.takesSignals { clinux_block_signals() }
                if let core = start.core { _ = clinux_pin_thread(Int32(core)) }
                start.body()
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            unsafe box.release()
            throw SystemError(errno: result, operation: "pthread_create")
        }
        handle = Mutex(thread)
    }

    /// Waits until the function has returned. Any thread but the thread itself; a second call returns at once.
    package func join() {
        let thread = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        // SAFETY: joined at most once, since the handle was taken out under the lock.
        if let thread { _ = pthread_join(thread, nil) }
    }

    /// The cores that this process may run on, in order.
    package static var availableCores: [Int] {
        (0..<Int(clinux_core_limit())).filter { clinux_may_use_core(Int32($0)) }
    }
}
