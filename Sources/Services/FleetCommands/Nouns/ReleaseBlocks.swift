import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

struct ReleaseBlockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "block", abstract: "Offer a release to nobody, in no group.",
        discussion: """
            Example: martlet release block --app flatcar 2.0.0 --reason "it loses its disks"
            Machines that run martletd and have not booted the release yet are told at their next check to drop it; no
            channel can be pointed at it. Machines that run it already go back with “group undo”.
            """)

    @OptionGroup var application: ApplicationOption
    @Argument(help: "Its version.", transform: Version.parse) var version: Version
    @Option(help: "Why, for people.") var reason: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = APIPath.application(application.app, "releases", version.text, "block")
            let block = NewReleaseBlock(reason: reason)
            let release = try await client.send(.post, path, block, as: ReleaseResource.self)
            try Printer(options: connection).show(release, ReleaseCommand.lines(release))
        }
    }
}

struct ReleaseUnblock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unblock", abstract: "Let a blocked release be offered again.",
        discussion: "Example: martlet release unblock --app flatcar 2.0.0")

    @OptionGroup var application: ApplicationOption
    @Argument(help: "Its version.", transform: Version.parse) var version: Version
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = APIPath.application(application.app, "releases", version.text, "block")
            let release = try await client.delete(path, as: ReleaseResource.self)
            try Printer(options: connection).show(release, ReleaseCommand.lines(release))
        }
    }
}
