import RelaydOptions
import Testing

/// Starts with these arguments, this text as the configuration file, and nothing else.
func invoke(
    _ arguments: [String] = [], file: String? = nil, at path: String = "/etc/rtpengine/rtpengine.conf",
    environment: [String: String] = [:]
) throws(OptionError) -> Invocation {
    try Invocation(arguments: arguments, environment: environment) { $0 == path ? file : nil }
}

/// The configuration that results.
func configure(
    _ arguments: [String] = [], file: String? = nil, environment: [String: String] = [:]
) throws -> Configuration {
    guard case .run(let configuration, _) = try invoke(arguments, file: file, environment: environment) else {
        throw Unexpected.print
    }
    return configuration
}

/// What is said about options that were accepted.
func notices(_ arguments: [String] = [], file: String? = nil) throws -> [OptionNotice] {
    guard case .run(_, let notices) = try invoke(arguments, file: file) else { throw Unexpected.print }
    return notices
}

/// The line that refuses these arguments, or `nil` when they are accepted.
func refusal(_ arguments: [String], file: String? = nil) -> String? {
    do throws(OptionError) {
        _ = try invoke(arguments, file: file)
        return nil
    } catch {
        return error.description
    }
}

enum Unexpected: Error { case print }
