package import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

/// `martlet channel …`
package struct ChannelCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "channel", abstract: "Channels: named pointers to releases.",
        discussion: """
            Example: martlet channel set --app flatcar alpha 2.0.0
                     martlet channel promote --app flatcar alpha --to beta
            """,
        subcommands: [ChannelSet.self, ChannelPromote.self, ChannelList.self, ChannelShow.self, ChannelDelete.self])

    package init() {}

    static func lines(_ channel: ChannelResource) -> [String] {
        var sheet = Sheet()
        sheet.add("channel", channel.name.rawValue)
        sheet.add("version", channel.version?.text ?? "none")
        sheet.add("changed", channel.changedAt.rfc3339)
        sheet.add("tag", TagOption.text(channel.etag))
        return sheet.lines
    }
}

struct ChannelSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Point a channel at a release; makes the channel if there is none.",
        discussion: """
            Example: martlet channel set --app flatcar stable 2.0.0
            The server reads the release's payloads again first, and refuses bits that are not those that were added.
            """)

    @OptionGroup var application: ApplicationOption
    @Argument(help: "The channel's name.", transform: ChannelName.parse) var channel: ChannelName
    @Argument(help: "The release's version.", transform: Version.parse) var version: Version
    @OptionGroup var tag: TagOption
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = APIPath.application(application.app, "channels", channel.rawValue)
            let target = ChannelTarget(version: version)
            let changed = try await client.send(.put, path, target, ifStill: tag.ifTag, as: ChannelResource.self)
            try Printer(options: connection).show(changed, ChannelCommand.lines(changed))
        }
    }
}

struct ChannelPromote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Point a channel at the very bits that another one has proven.",
        discussion: "Example: martlet channel promote --app flatcar alpha --to beta")

    @OptionGroup var application: ApplicationOption
    @Argument(help: "The channel that has proven the release.", transform: ChannelName.parse) var channel: ChannelName
    @Option(help: "The channel that shall have it, too.", transform: ChannelName.parse) var to: ChannelName
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = APIPath.application(application.app, "channels", channel.rawValue, "promote")
            let changed = try await client.send(.post, path, Promotion(to: to), as: ChannelResource.self)
            try Printer(options: connection).show(changed, ChannelCommand.lines(changed))
        }
    }
}

struct ChannelList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List an application's channels.",
        discussion: "Example: martlet channel list --app flatcar")

    @OptionGroup var application: ApplicationOption
    @OptionGroup var page: PageOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = page.applied(to: .application(application.app, "channels"))
            let channels = try await client.get(path, as: ListPage<ChannelResource>.self)
            var table = Table("CHANNEL", "VERSION", "CHANGED")
            for channel in channels.items {
                table.add(channel.name.rawValue, channel.version?.text ?? "", channel.changedAt.rfc3339)
            }
            try Printer(options: connection).list(channels, offset: page.offset, table)
        }
    }
}

struct ChannelShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one channel.",
        discussion: "Example: martlet channel show --app flatcar stable")

    @OptionGroup var application: ApplicationOption
    @Argument(help: "The channel's name.", transform: ChannelName.parse) var channel: ChannelName
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = APIPath.application(application.app, "channels", channel.rawValue)
            let found = try await client.get(path, as: ChannelResource.self)
            try Printer(options: connection).show(found, ChannelCommand.lines(found))
        }
    }
}

struct ChannelDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a channel that no group follows.",
        discussion: "Example: martlet channel delete --app flatcar nightly")

    @OptionGroup var application: ApplicationOption
    @Argument(help: "The channel's name.", transform: ChannelName.parse) var channel: ChannelName
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            try await client.delete(.application(application.app, "channels", channel.rawValue))
            Printer(options: connection).done("Deleted the channel \(channel).")
        }
    }
}
