internal import RelayCore

/// The file with our process number, from its making to `remove`.
struct PIDFile {
    private let path: String

    /// Writes the file.
    init(at path: String) throws(SystemError) {
        self.path = path
        try SystemService.writePID(to: path)
    }

    /// Removes the file, unless another process has taken it over.
    func remove() throws(SystemError) { try SystemService.removePID(at: path) }
}
