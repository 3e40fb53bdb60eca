import ArgumentParser
import WireFormat

struct CallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call", abstract: "Makes one call through a running relay and shows what becomes of it.",
        discussion: "Ends with status 0 only if every packet arrived and the call could be deleted.")

    @OptionGroup var relay: RelayOptions

    @Option(help: "How long the two parties talk.")
    var seconds = 3.0

    @Option(help: ArgumentHelp("The TOS that arriving packets must have.", valueName: "0-255"))
    var tos: Int?

    func validate() throws {
        try relay_bench.validate("seconds", seconds, in: 0.02...3600)
        if let tos { try relay_bench.validate("tos", tos, in: 0...255) }
    }

    func run() throws {
        Interrupt.arm()
        let call = CallRun(
            client: try NGClient(relay: relay.ng), address: try relay.mediaAddress(), seconds: seconds, expectedTOS: tos
        )
        if try !call.run() { throw ExitCode.failure }
    }
}
