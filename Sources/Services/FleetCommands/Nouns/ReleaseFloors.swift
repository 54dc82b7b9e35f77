import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

struct ReleaseFloorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "floor", abstract: "Let no machine pass a release over: older ones take it first.",
        discussion: """
            Example: martlet release floor --app flatcar 2.0.0 --reason "it rewrites the partition table"
                     martlet release floor --app flatcar 2.0.0 --reason "new keys" --channel stable --channel beta
            Machines below it are offered the lowest floor above them, and only then what their channel points at. Given
            again, it replaces the reason and the channels.
            """)

    @OptionGroup var application: ApplicationOption
    @Argument(help: "Its version.", transform: Version.parse) var version: Version
    @Option(help: "Why, for people.") var reason: String
    @Option(
        name: .customLong("channel"), help: "Only for machines of this channel; may be repeated.",
        transform: ChannelName.parse)
    var channels: [ChannelName] = []
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection, patience: FleetClient.readingTime) { client in
            let path = APIPath.application(application.app, "releases", version.text, "floor")
            let floor = NewReleaseFloor(reason: reason, channels: channels.isEmpty ? nil : channels)
            let release = try await client.send(.post, path, floor, as: ReleaseResource.self)
            try Printer(options: connection).show(release, ReleaseCommand.lines(release))
        }
    }
}

struct ReleaseUnfloor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unfloor", abstract: "Let machines pass a release over again.",
        discussion: "Example: martlet release unfloor --app flatcar 2.0.0")

    @OptionGroup var application: ApplicationOption
    @Argument(help: "Its version.", transform: Version.parse) var version: Version
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = APIPath.application(application.app, "releases", version.text, "floor")
            let release = try await client.delete(path, as: ReleaseResource.self)
            try Printer(options: connection).show(release, ReleaseCommand.lines(release))
        }
    }
}
