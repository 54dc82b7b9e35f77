import ArgumentParser
import FleetCommands
import FleetDemo
import ImageCommands
import MachineCommands
import PayloadCommands
import ProgramKit

/// The program `martlet`: the operator's command line.
@main
struct MartletProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet", abstract: "Keep fleets of Linux machines on a continuous stream of updates.",
        discussion: """
            The fleet's commands speak to a server: --server URL (or MARTLET_SERVER) and --token-file FILE (or \
            MARTLET_TOKEN_FILE) name it and open it. A machine's commands speak to its martletd.

            Examples:
              martlet demo --once
              martlet payload create --target new.img --output update.crau --key key.pem
              martlet --server http://127.0.0.1:8080 --token-file admin-token machine list
            """,
        groupedSubcommands: [
            CommandGroup(name: "Payloads and keys:", subcommands: [PayloadNoun.self, KeyCommand.self]),
            CommandGroup(name: "Systems:", subcommands: [ImageCommand.self]),
            CommandGroup(name: "The fleet:", subcommands: FleetNouns.commands),
            CommandGroup(
                name: "This machine:",
                subcommands: [StatusCommand.self, SlotsCommand.self, UpdateCommand.self, RollbackCommand.self]),
            CommandGroup(name: "To see it all:", subcommands: [DemoCommand.self]),
        ])

    static let version = "0.1.0"

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        // Not the parser's own flag: every command would have it, also those for which a version is a value.
        guard arguments != ["--version"] else { return print(version) }
        await Program.run(Self.self, arguments: ArgumentOrder.normalized(arguments))
    }
}

/// `martlet payload`: the verbs that need no server, and those that do.
struct PayloadNoun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payload", abstract: PayloadCommand.configuration.abstract,
        discussion: PayloadCommand.configuration.discussion,
        groupedSubcommands: [
            CommandGroup(name: "On files:", subcommands: PayloadCommand.configuration.subcommands),
            CommandGroup(name: "On the server:", subcommands: FleetNouns.payloadVerbs),
        ])
}
