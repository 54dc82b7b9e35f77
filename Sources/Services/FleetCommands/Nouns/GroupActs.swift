import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

struct GroupResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let a stopped, paused or aborted roll-out go on; what its brakes counted counts from zero again.",
        discussion: "Example: martlet group resume --app flatcar web")

    @OptionGroup var place: GroupPlace
    @OptionGroup var tag: RolloutTagOption
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await GroupCommand.act("resume", [String: String](), place, tag, connection)
    }
}

struct GroupPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Offer the release to nobody until “group resume”.",
        discussion: "Example: martlet group pause --app flatcar web --reason \"looking at the graphs\"")

    @OptionGroup var place: GroupPlace
    @OptionGroup var act: RolloutActOptions
    @OptionGroup var tag: RolloutTagOption
    @OptionGroup var connection: ConnectionOptions

    func run() async throws { try await GroupCommand.act("pause", act.act, place, tag, connection) }
}

struct GroupAbort: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort",
        abstract: "Withdraw the release from the group: also machines that have it staged give it up.",
        discussion: """
            Example: martlet group abort --app flatcar web --reason "2.1 loses its disks"
            Machines that run martletd and have not booted the release yet are told at their next check to drop it.
            Machines that run it already go back with “group undo”.
            """)

    @OptionGroup var place: GroupPlace
    @OptionGroup var act: RolloutActOptions
    @OptionGroup var tag: RolloutTagOption
    @OptionGroup var connection: ConnectionOptions

    func run() async throws { try await GroupCommand.act("abort", act.act, place, tag, connection) }
}

struct RolloutActOptions: ParsableArguments {
    @Option(help: "The release, where it is not what the group goes to now.", transform: Version.parse)
    var version: Version?
    @Option(help: "Why, for people.") var reason: String?

    var act: RolloutAct { RolloutAct(version: version, reason: reason) }
}

struct GroupUndoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Send a group back to its previous release, under the same limits.",
        discussion: """
            Examples: martlet group undo --app flatcar web --reason "2.1 loses its disks"
                      martlet group undo --app flatcar web --cancel
            Machines that run martletd go back to their other slot; others are offered the old release. It is over when the
            channel points at another release, or with --cancel.
            """)

    @OptionGroup var place: GroupPlace
    @Option(
        help: "The release to go back to, where it is not what the channel pointed at before.", transform: Version.parse
    )
    var to: Version?
    @Option(help: "Why, for people.") var reason: String?
    @Flag(help: "Follow the channel again.") var cancel = false
    @OptionGroup var tag: RolloutTagOption
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard !cancel || (reason == nil && to == nil) else {
            throw ValidationError("--cancel takes neither --to nor --reason.")
        }
    }

    func run() async throws {
        guard cancel else {
            return try await GroupCommand.act("undo", NewUndo(to: to, reason: reason), place, tag, connection)
        }
        try await FleetClient.connected(connection) { client in
            let group = try await client.delete(
                place.path.below("undo"), ifStill: tag.ifTag, as: GroupResource.self)
            try Printer(options: connection).show(group, GroupCommand.lines(group))
        }
    }
}

struct GroupHolds: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holds", abstract: "Say why the machines of a group wait, added up.",
        discussion: "Example: martlet group holds --app flatcar web")

    @OptionGroup var place: GroupPlace
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let holds = try await client.get(place.path.below("holds"), as: ListPage<GroupHoldResource>.self)
            var table = Table("MACHINES", "HOLD", "EXPECTED UNTIL", "WHY")
            for hold in holds.items { table.add("\(hold.machines)", hold.reason, hold.until?.rfc3339 ?? "", hold.text) }
            try Printer(options: connection).list(holds, offset: 0, table)
        }
    }
}

extension GroupCommand {
    /// Sends an act and shows the group as it is then.
    static func act(
        _ name: String, _ body: some Encodable & Sendable, _ place: GroupPlace, _ tag: RolloutTagOption,
        _ connection: ConnectionOptions
    ) async throws {
        try await FleetClient.connected(connection) { client in
            let group = try await client.send(
                .post, place.path.below(name), body, ifStill: tag.ifTag, as: GroupResource.self)
            try Printer(options: connection).show(group, lines(group))
        }
    }
}
