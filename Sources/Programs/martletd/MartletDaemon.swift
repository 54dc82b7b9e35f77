import ArgumentParser
import ProgramKit
import UpdateEngineKit

/// The program `martletd`: keeps one machine on its stream of updates.
@main
struct MartletDaemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martletd", abstract: "Keep this machine on its stream of updates.",
        discussion: """
            Reads its settings from /etc/martlet/martletd.toml, then from update.conf of Flatcar or CoreOS. Speaks to \
            people through “martlet status”, “martlet update”, “martlet slots” and “martlet rollback”.

            Example: martletd --config /etc/martlet/martletd.toml
            """,
        version: EngineDaemon.version)

    @Option(help: "The settings file; a missing one counts only when it is named here.")
    var config: String?

    @Option(help: "How much to log: trace, debug, info, notice, warning, error.")
    var logLevel = "info"

    @Flag(help: "Check the settings, the slots and the keys, then leave.")
    var check = false

    static func main() async {
        await Program.run(Self.self, arguments: Array(CommandLine.arguments.dropFirst()))
    }

    func run() async throws {
        let daemon = try EngineDaemon(settingsPath: config, logLevel: logLevel)
        if check {
            try daemon.check()
            print("The settings are good.")
        } else {
            try await daemon.run()
        }
    }
}
