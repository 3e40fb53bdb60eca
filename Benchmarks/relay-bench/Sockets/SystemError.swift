import Glibc

/// A system call that failed.
struct SystemError: Error, CustomStringConvertible {
    /// The error number, positive.
    let number: Int32
    /// What was tried, as the end of "cannot …".
    let operation: String

    var description: String {
        // SAFETY: the C string is copied before another call could replace it; only one thread runs.
        let reason = unsafe String(cString: strerror(number))
        return "cannot \(operation): \(reason)"
    }
}

/// The result of a shim call: `-errno` becomes an error.
@discardableResult
func checked<Value: SignedInteger>(
    _ result: Value, _ operation: @autoclosure () -> String
) throws(BenchError) -> Value {
    guard result < 0 else { return result }
    throw .system(SystemError(number: Int32(truncatingIfNeeded: -result), operation: operation()))
}
