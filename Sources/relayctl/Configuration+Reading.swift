internal import ArgumentParser
internal import DaemonOptions
internal import Foundation

extension Configuration {
    /// The options that a relay with these arguments would have.
    init(reading arguments: [String]) throws {
        do {
            let result = try Configuration.parse(arguments: arguments, host: .current) { path in
                (try? String(contentsOfFile: path, encoding: .utf8)).map { .text($0) } ?? .missing
            }
            guard case .run(let configuration, _) = result else { throw ValidationError("no options") }
            self = configuration
        } catch let error as OptionError {
            throw ValidationError("\(error)")
        }
    }
}
