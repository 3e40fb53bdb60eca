internal import Foundation

/// Files of text.
package enum Text {
    /// Writes a file, whole.
    package static func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// The lines of a file, without those that are empty.
    package static func lines(of path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { String($0) }
    }
}
