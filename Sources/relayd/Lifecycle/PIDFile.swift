internal import Logging
internal import RelayCore

/// The file with our process number, from its making to `remove`.
struct PIDFile {
    private let path: String
    private let log: Logger

    /// Writes the file. On a full or broken disk there is none: calls do not need it.
    ///
    /// - Throws: when the path cannot be right.
    init(at path: String, log: Logger) throws(SystemError) {
        (self.path, self.log) = (path, log)
        do throws(SystemError) { try SystemService.writePID(to: path) } catch {
            guard error.isDiskTrouble else { throw error }
            log.error("there is no pid file: \(error)")
        }
    }

    /// Removes the file, unless another process has taken it over.
    func remove() {
        do throws(SystemError) { try SystemService.removePID(at: path) } catch {
            log.error("the pid file stays: \(error)")
        }
    }
}
