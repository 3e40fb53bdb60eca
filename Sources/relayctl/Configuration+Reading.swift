internal import ArgumentParser
internal import DaemonOptions

/// Which of the relay's options are to be read.
struct ConfigurationSource: ParsableArguments {
    @Option(help: "The relay's configuration file. (default: \(Configuration.defaultFile))")
    var configFile: String?
    @Option(help: "The section in it. (default: rtpengine)")
    var configSection: String?

    /// The same as options of the relay.
    var arguments: [String] {
        let options = [("config-file", configFile), ("config-section", configSection)]
        return options.compactMap { name, value in value.map { "--\(name)=\($0)" } }
    }
}

extension Configuration {
    /// The options that a relay with these arguments would have.
    init(reading arguments: [String]) throws {
        do {
            let result = try Configuration.parse(
                arguments: arguments, host: .current, readFile: FileContents.init(of:))
            guard case .run(let configuration, _) = result else { throw ValidationError("no options") }
            self = configuration
        } catch let error as OptionError {
            throw ValidationError("\(error)")
        }
    }
}
