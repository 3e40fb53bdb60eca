internal import Foundation

/// Files of text.
package enum Text {
    /// Writes a file, whole.
    package static func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
