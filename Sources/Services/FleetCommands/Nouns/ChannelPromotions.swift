import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

struct ChannelApprove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Make a move that another person asked for.",
        discussion: """
            Example: martlet channel approve --app flatcar stable 2.0.0
            It takes another access token than the one that asked. The payloads are read again first.
            """)

    @OptionGroup var application: ApplicationOption
    @Argument(help: "The channel's name.", transform: ChannelName.parse) var channel: ChannelName
    @Argument(help: "The release that is approved.", transform: Version.parse) var version: Version
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection, patience: FleetClient.readingTime) { client in
            let path = APIPath.application(application.app, "channels", channel.rawValue, "approve")
            let changed = try await client.send(.post, path, MoveApproval(version: version), as: ChannelResource.self)
            try Printer(options: connection).show(changed, ChannelCommand.lines(changed))
        }
    }
}

struct ChannelReject: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject", abstract: "Turn down a move that waits for a second person, or take it back.",
        discussion: "Example: martlet channel reject --app flatcar stable --reason \"not on a Friday\"")

    @OptionGroup var application: ApplicationOption
    @Argument(help: "The channel's name.", transform: ChannelName.parse) var channel: ChannelName
    @Option(help: "Why, for people.") var reason: String?
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = APIPath.application(application.app, "channels", channel.rawValue, "request")
            let changed = try await client.delete(path.with("reason", reason), as: ChannelResource.self)
            try Printer(options: connection).show(changed, ChannelCommand.lines(changed))
        }
    }
}

struct ChannelMoves: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "moves", abstract: "List how a channel came to its releases: who, when, why, on what evidence.",
        discussion: "Example: martlet channel moves --app flatcar stable")

    @OptionGroup var application: ApplicationOption
    @Argument(help: "The channel's name.", transform: ChannelName.parse) var channel: ChannelName
    @OptionGroup var page: PageOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = APIPath.application(application.app, "channels", channel.rawValue, "moves")
            let moves = try await client.get(page.applied(to: path), as: ListPage<ChannelMoveResource>.self)
            var table = Table("WHEN", "FROM", "TO", "BY", "MACHINES", "FAILED", "WHY")
            for move in moves.items {
                let people = [move.request?.by, move.by].compactMap { $0 }.joined(separator: ", ")
                let origin = move.promotedFrom.map { "(\($0)) " } ?? ""
                table.add(
                    move.at.rfc3339, move.previous?.text ?? "", move.version.text, people,
                    move.record.map { "\($0.running)" } ?? "", move.record.map { "\($0.failed + $0.silent)" } ?? "",
                    origin + (move.reason ?? ""))
            }
            try Printer(options: connection).list(moves, offset: page.offset, table)
        }
    }
}
