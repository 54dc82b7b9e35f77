package import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

/// `martlet group …`
package struct GroupCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Groups: machines that follow one channel under one policy.",
        discussion: """
            Example: martlet group create --app flatcar --track stable --channel stable web
                     martlet group set --app flatcar web --max-in-progress 2 --stop-after-failures 1
                     martlet group set --app flatcar web --canary 5/2h --ramp 1d --window "mon-fri 22:00-06:00 Europe/Berlin"
            """,
        subcommands: [
            GroupCreate.self, GroupList.self, GroupShow.self, GroupSet.self, GroupHolds.self, GroupPause.self,
            GroupResume.self, GroupAbort.self, GroupUndoCommand.self, GroupSecretCommand.self, GroupDelete.self,
        ])

    package init() {}

    static func lines(_ group: GroupResource) -> [String] {
        var sheet = Sheet()
        sheet.add("group", group.name.rawValue)
        sheet.add("track", group.track.rawValue)
        sheet.add("channel", "\(group.channel) (\(group.version?.text ?? "no release"))")
        sheet.add("updates", group.policy.enabled ? "enabled" : "disabled")
        sheet.add("in progress", "at most \(group.policy.maxInProgress.map(String.init) ?? "any number")")
        sheet.add("stops after", group.policy.stopAfterFailures.map { "\($0) failed machines" } ?? "never")
        sheet.add("stage deadline", SpanText.text(group.policy.stageDeadlineSeconds))
        for (name, text) in policyLines(group.policy) { sheet.add(name, text) }
        sheet.add("labels", group.labels?.text)
        sheet.add("private", group.secrets.map { "\($0.count) secrets: " + $0.map(\.id.rawValue).joined(separator: ", ") })
        sheet.add("machines", counts(group.machines.byVersion, of: group.machines.total))
        sheet.add("stages", counts(group.machines.byStage, of: nil))
        sheet.add("holds", counts(group.machines.byHold, of: nil))
        sheet.add("clones", group.machines.clones.map(String.init))
        if let rollout = group.rollout { sheet.add("roll-out", text(rollout)) }
        for floor in group.floors ?? [] {
            sheet.add("floor", "\(floor.version): \(floor.reason)" + (floor.rollout.map { "; \(text($0))" } ?? ""))
            sheet.add("stopped", floor.rollout?.stopReason)
        }
        sheet.add("next download", group.downloadsFreeAt.map { "granted from \($0) on" })
        sheet.add("ramp at", group.rollout?.rampPercent.map { "\(Int($0)) %" })
        sheet.add(
            "halted",
            group.rollout?.control.map {
                "\($0.kind.rawValue) by \($0.by) at \($0.at)" + ($0.reason.map { ": \($0)" } ?? "")
            })
        sheet.add(
            "going back",
            group.undo.map { "from \($0.from) to \($0.to), by \($0.orderedBy)" + ($0.reason.map { ": \($0)" } ?? "") })
        sheet.add("stopped", group.rollout?.stopReason)
        sheet.add("tag", TagOption.text(group.etag))
        sheet.add("roll-out tag", TagOption.text(group.rolloutTag))
        return sheet.lines
    }

    private static func policyLines(_ policy: PolicyResource) -> [(String, String?)] {
        [
            ("stage deadlines", policy.stageDeadlines.map { PolicyWords.stages($0) { SpanText.text(Int64($0)) } }),
            ("ramp", policy.ramp?.words), ("rate", policy.rate.map { "\($0.maximum) machines in \(SpanText.text($0.seconds))" }),
            ("downloads", policy.downloadRate.map { "\(RateText.text($0)) (\($0) bytes a second)" }),
            ("first", policy.canary.map(PolicyWords.canary)),
            ("after", policy.after.map { "\($0.group) at \($0.percent) %, soaked \(SpanText.text($0.soakSeconds))" }),
            ("windows", policy.windows.map { $0.map(\.window.description).joined(separator: "; ") }),
            ("brakes", policy.brakes.map(PolicyWords.brakes)), ("deltas", policy.deltas?.rawValue),
            ("downgrade", policy.downgrade?.rawValue), ("minimum", policy.minimumVersion?.text),
        ]
    }

    static func text(_ rollout: RolloutResource) -> String {
        "\(rollout.version) \(rollout.state.rawValue): \(rollout.completed) done, \(rollout.inProgress) in progress, "
            + "\(rollout.failed) failed, \(rollout.expired) silent"
    }

    private static func counts(_ counts: [String: Int], of total: Int?) -> String {
        let parts = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        let list = parts.joined(separator: ", ")
        return total.map { list.isEmpty ? "\($0)" : "\($0): \(list)" } ?? list
    }
}

/// A group's name and the application it belongs to.
struct GroupPlace: ParsableArguments {
    @OptionGroup var application: ApplicationOption
    @Argument(help: "The group's name.", transform: GroupName.parse) var group: GroupName

    var path: APIPath { .application(application.app, "groups", group.rawValue) }
}

struct GroupCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Add a group.",
        discussion: """
            Example: martlet group create --app flatcar --track stable --channel stable web --max-in-progress 2
            Machines belong to it when they send its track (GROUP= in their update.conf).
            """)

    @OptionGroup var place: GroupPlace
    @Option(help: "What machines send to belong here.", transform: Track.parse) var track: Track
    @Option(help: "The channel to follow.", transform: ChannelName.parse) var channel: ChannelName
    @Option(
        help: "Machines whose labels match belong here whatever their track is: role=web,!old.",
        transform: LabelQuery.parse)
    var labels: LabelQuery?
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let edit = policy.edit
            let new = NewGroup(
                name: place.group, track: track, channel: channel, policy: edit.isEmpty ? nil : edit, labels: labels)
            let path = APIPath.application(place.application.app, "groups")
            let group = try await client.send(.post, path, new, as: GroupResource.self)
            try Printer(options: connection).show(group, GroupCommand.lines(group))
        }
    }
}

struct GroupList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List an application's groups.",
        discussion: "Example: martlet group list --app flatcar")

    @OptionGroup var application: ApplicationOption
    @OptionGroup var page: PageOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = page.applied(to: .application(application.app, "groups"))
            let groups = try await client.get(path, as: ListPage<GroupResource>.self)
            var table = Table("GROUP", "TRACK", "CHANNEL", "VERSION", "MACHINES", "ROLL-OUT")
            for group in groups.items {
                table.add(
                    group.name.rawValue, group.track.rawValue, group.channel.rawValue, group.version?.text ?? "",
                    "\(group.machines.total)",
                    group.policy.enabled ? group.rollout.map(GroupCommand.text) ?? "" : "disabled")
            }
            try Printer(options: connection).list(groups, offset: page.offset, table)
        }
    }
}

struct GroupShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one group with its policy, its roll-out and its counters.",
        discussion: "Example: martlet group show --app flatcar web")

    @OptionGroup var place: GroupPlace
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let group = try await client.get(place.path, as: GroupResource.self)
            try Printer(options: connection).show(group, GroupCommand.lines(group))
        }
    }
}

struct GroupSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change a group; what is not given stays.",
        discussion: "Example: martlet group set --app flatcar web --disabled")

    @OptionGroup var place: GroupPlace
    @Option(help: "What machines send to belong here.", transform: Track.parse) var track: Track?
    @Option(help: "The channel to follow.", transform: ChannelName.parse) var channel: ChannelName?
    @Option(
        help: "Machines whose labels match belong here; none leaves it to the track.", transform: LabelQuery.parseEdit)
    var labels: FieldEdit<LabelQuery>?
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var tag: TagOption
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard track != nil || channel != nil || labels != nil || !policy.edit.isEmpty else {
            throw ValidationError("Nothing to change; give for instance --disabled or --max-in-progress 5.")
        }
    }

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let edit = GroupEdit(
                track: track, channel: channel, policy: policy.edit.isEmpty ? nil : policy.edit, labels: labels)
            let group = try await client.send(.patch, place.path, edit, ifStill: tag.ifTag, as: GroupResource.self)
            try Printer(options: connection).show(group, GroupCommand.lines(group))
        }
    }
}

struct GroupDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a group that has no machines.",
        discussion: "Example: martlet group delete --app flatcar web")

    @OptionGroup var place: GroupPlace
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            try await client.delete(place.path)
            Printer(options: connection).done("Deleted the group \(place.group).")
        }
    }
}
