import ArgumentParser
import FleetDemo
import MachineCommands
import PayloadCommands
import ProgramKit

/// The program `martlet`: the operator's command line.
@main
struct MartletProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet", abstract: "Keep fleets of Linux machines on a continuous stream of updates.",
        discussion: """
            Payloads are made and checked with “payload” and “key”; a machine is asked with “status”, “slots”, “update” \
            and “rollback”. “martlet demo” tells the whole story on this box.

            Example: martlet demo --once
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(name: "Payloads and keys:", subcommands: [PayloadCommand.self, KeyCommand.self]),
            CommandGroup(
                name: "This machine:",
                subcommands: [StatusCommand.self, SlotsCommand.self, UpdateCommand.self, RollbackCommand.self]),
            CommandGroup(name: "To see it all:", subcommands: [DemoCommand.self]),
        ])

    static func main() async {
        await Program.run(Self.self, arguments: Array(CommandLine.arguments.dropFirst()))
    }
}
