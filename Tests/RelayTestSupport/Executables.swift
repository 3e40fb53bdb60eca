internal import Foundation

/// Where programs are. An ordinary user's PATH often lacks the directories of the system's daemons.
package enum Executables {
    /// The full path of a program, or `nil` when it is not installed.
    ///
    /// `RELAY_TEST_REDIS` names another server to test with, such as another version of Redis, or Valkey.
    package static func find(_ name: String) -> String? {
        if name == "redis-server", let other = ProcessInfo.processInfo.environment["RELAY_TEST_REDIS"] {
            return FileManager.default.isExecutableFile(atPath: other) ? other : nil
        }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let directories = path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        return directories.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// As `find`, for a program that the test cannot do without.
    package static func require(_ name: String) throws -> String {
        guard let path = find(name) else { throw NotInstalled(name: name) }
        return path
    }

    /// Those of the named programs that are not installed.
    package static func missing(_ names: [String]) -> [String] { names.filter { find($0) == nil } }

    /// Where the test bundle that is running lies, and with it the products of this package.
    package static var productDirectory: String {
        // A process can always read where its own program is.
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "."
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().path
    }

    /// A product of this package.
    package static func product(_ name: String) throws -> String {
        let path = "\(productDirectory)/\(name)"
        guard FileManager.default.isExecutableFile(atPath: path) else { throw NotInstalled(name: path) }
        return path
    }

    package struct NotInstalled: Error, CustomStringConvertible {
        let name: String
        package var description: String { "\(name) is not there; scripts/test installs and builds what the tests need" }
    }
}
