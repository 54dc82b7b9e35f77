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
        subcommands: [
            ChannelSet.self, ChannelPromote.self, ChannelApprove.self, ChannelReject.self, ChannelList.self,
            ChannelShow.self, ChannelMoves.self, ChannelDelete.self,
        ])

    package init() {}

    static func lines(_ channel: ChannelResource) -> [String] {
        var sheet = Sheet()
        sheet.add("channel", channel.name.rawValue)
        sheet.add("version", channel.version?.text ?? "none")
        sheet.add("changed", channel.changedAt.rfc3339)
        sheet.add("follows", channel.follows.map(words))
        sheet.add("following", channel.following.map { "\($0.state): \($0.text)" + until($0) })
        sheet.add("second person", channel.secondPerson == true ? "needed" : nil)
        sheet.add("asked for", channel.request.map(words))
        sheet.add("tag", TagOption.text(channel.etag))
        return sheet.lines
    }

    static func words(_ follow: ChannelFollow) -> String {
        "\(follow.channel), soaked \(SpanText.text(follow.soakSeconds)) on \(follow.machines) machines"
    }

    static func words(_ request: MoveRequestResource) -> String {
        let origin = request.promotedFrom.map { " from \($0)" } ?? ""
        return "\(request.version)\(origin), by \(request.by) at \(request.at.rfc3339)"
            + (request.reason.map { ": \($0)" } ?? "")
    }

    private static func until(_ following: FollowResource) -> String {
        following.until.map { " Until \($0.rfc3339)." } ?? ""
    }
}

struct ChannelSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Point a channel at a release, or say how it comes to its releases; makes it if there is none.",
        discussion: """
            Example: martlet channel set --app flatcar stable 2.0.0 --reason "fixes the clock"
                     martlet channel set --app flatcar beta --follows alpha --soak 3d --machines 20
                     martlet channel set --app flatcar stable --second-person
            The server reads the release's payloads again first, and refuses bits that are not those that were added. A
            channel that needs a second person stays where it is until another one says “channel approve”.
            """)

    @OptionGroup var application: ApplicationOption
    @Argument(help: "The channel's name.", transform: ChannelName.parse) var channel: ChannelName
    @Argument(help: "The release's version.", transform: Version.parse) var version: Version?
    @Option(help: "Why, for people.") var reason: String?
    @OptionGroup var rules: ChannelRuleOptions
    @OptionGroup var tag: TagOption
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (version == nil) != (rules.edit == nil) else {
            throw ValidationError("Give a version, or rules such as --follows alpha --soak 3d; not both at once.")
        }
        guard reason == nil || version != nil else { throw ValidationError("--reason goes with a version.") }
    }

    func run() async throws {
        try await FleetClient.connected(connection, patience: FleetClient.readingTime) { client in
            let path = APIPath.application(application.app, "channels", channel.rawValue)
            let changed: ChannelResource
            if let edit = rules.edit {
                changed = try await client.send(.patch, path, edit, ifStill: tag.ifTag, as: ChannelResource.self)
            } else if let version {
                let target = ChannelTarget(version: version, reason: reason)
                changed = try await client.send(.put, path, target, ifStill: tag.ifTag, as: ChannelResource.self)
            } else {
                return
            }
            try Printer(options: connection).show(changed, ChannelCommand.lines(changed))
        }
    }
}

/// How a channel comes to its releases.
struct ChannelRuleOptions: ParsableArguments {
    @Option(
        help: "Take over by itself what this channel has had for long enough; none leaves it to people.",
        transform: { try PolicyParser.edit($0, ChannelName.parse) })
    var follows: FieldEdit<ChannelName>?
    @Option(help: "For how long the other channel must have had it: 12h, 3d.", transform: PolicyParser.seconds)
    var soak: Int64?
    @Option(help: "How many machines of the other channel's groups must run it; 1 unless given.") var machines: Int?
    @Flag(inversion: .prefixedNo, help: "Whether one person asks for a move and another makes it.")
    var secondPerson: Bool?

    func validate() throws {
        let isFollowing = follows?.value != nil
        guard isFollowing || (soak == nil && machines == nil) else {
            throw ValidationError("--soak and --machines go with --follows CHANNEL.")
        }
        guard !isFollowing || soak != nil else {
            throw ValidationError("Say with --soak for how long the other channel must have had a release: 3d, or 0s.")
        }
    }

    /// `nil` where nothing is given.
    var edit: ChannelEdit? {
        let follow: FieldEdit<ChannelFollow>? = follows.map { edit in
            edit.value.map {
                .limit(ChannelFollow(channel: $0, soakSeconds: soak ?? 0, machines: machines ?? 1))
            } ?? .unlimited
        }
        let edit = ChannelEdit(follows: follow, secondPerson: secondPerson)
        return edit == ChannelEdit() ? nil : edit
    }
}

struct ChannelPromote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Point a channel at the very bits that another one has proven.",
        discussion: """
            Example: martlet channel promote --app flatcar alpha --to beta --reason "a week without a word"
            A channel that needs a second person stays where it is until another one says “channel approve”.
            """)

    @OptionGroup var application: ApplicationOption
    @Argument(help: "The channel that has proven the release.", transform: ChannelName.parse) var channel: ChannelName
    @Option(help: "The channel that shall have it, too.", transform: ChannelName.parse) var to: ChannelName
    @Option(help: "Why, for people.") var reason: String?
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection, patience: FleetClient.readingTime) { client in
            let path = APIPath.application(application.app, "channels", channel.rawValue, "promote")
            let promotion = Promotion(to: to, reason: reason)
            let changed = try await client.send(.post, path, promotion, as: ChannelResource.self)
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
            var table = Table("CHANNEL", "VERSION", "CHANGED", "FOLLOWS", "ASKED FOR")
            for channel in channels.items {
                table.add(
                    channel.name.rawValue, channel.version?.text ?? "", channel.changedAt.rfc3339,
                    channel.follows?.channel.rawValue ?? "", channel.request?.version.text ?? "")
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
