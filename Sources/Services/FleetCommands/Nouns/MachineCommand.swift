package import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

/// `martlet machine …`
package struct MachineCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "machine", abstract: "Machines: what the server knows of them.",
        discussion: """
            Examples: martlet machine list --group web --json
                      martlet machine rollback 0123456789abcdef0123456789abcdef --reason "3.1 loses its network"
            """,
        subcommands: [
            MachineList.self, MachineShow.self, MachineWhy.self, MachineSet.self, MachineRollback.self,
            MachineRelease.self, MachineDelete.self,
        ])

    package init() {}

    static func lines(_ machine: MachineResource) -> [String] {
        var sheet = Sheet()
        sheet.add("machine", machine.id.rawValue)
        sheet.add("alias", machine.alias)
        sheet.add("application", machine.application.text)
        sheet.add("group", machine.group?.rawValue ?? "none for the track \(machine.track)")
        sheet.add("version", machine.version.text)
        sheet.add("architecture", machine.architecture?.name)
        sheet.add("slot", machine.bootedSlot?.rawValue)
        sheet.add("stage", "\(machine.stage.rawValue) since \(machine.stageSince)")
        sheet.add("leave for", machine.grantedVersion?.text)
        sheet.add("hold", machine.hold.map { "\($0.reason): \($0.text)" })
        sheet.add("expected until", machine.hold?.until?.rfc3339)
        let labels = machine.labels?.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        sheet.add("labels", labels?.joined(separator: ", "))
        sheet.add("moved to", machine.movedTo?.rawValue)
        sheet.add("pinned to", machine.pin?.text)
        sheet.add("held by", machine.heldBy.map { $0.by + ($0.reason.map { ": \($0)" } ?? "") })
        sheet.add("clones", machine.clone.map { "several machines share this id; boots came back \($0.count) times" })
        sheet.add("tag", TagOption.text(machine.etag))
        sheet.add("rollback", machine.rollback?.summary)
        sheet.add("rollback until", machine.rollback?.expiresAt?.rfc3339)
        sheet.add("withheld", machine.withheld?.map(\.text).joined(separator: ", "))
        sheet.add("last error", machine.lastError.map(text))
        sheet.add("updater", machine.engine)
        sheet.add("address", machine.address)
        sheet.add("oem", machine.oem)
        sheet.add("first seen", machine.firstSeenAt.rfc3339)
        sheet.add("last seen", machine.lastSeenAt.rfc3339)
        return sheet.lines
    }

    static func text(_ error: ErrorResource) -> String {
        let code = error.code.map { "\($0)" }
        return [code, error.name, error.meaning, error.reason].compactMap { $0 }.joined(separator: " · ")
            + " (\(error.at))"
    }
}

struct MachineList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List machines.",
        discussion: "Example: martlet machine list --app flatcar --stage failed")

    @Option(help: "Only of this application: its id or its name.") var app: String?
    @Option(help: "Only of this group.", transform: GroupName.parse) var group: GroupName?
    @Option(help: "Only at this stage, such as held, downloading, complete or failed.") var stage: String?
    @Option(help: "Only with this version.", transform: Version.parse) var version: Version?
    @Option(help: "Only those that wait for this reason, such as ramp.") var hold: String?
    @Flag(help: "Only ids that several machines seem to share.") var clones = false
    @OptionGroup var page: PageOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = page.applied(to: APIPath("machines")).with("application", app)
                .with("group", group?.rawValue).with("stage", stage).with("version", version?.text)
                .with("hold", hold).with("clones", clones ? "true" : nil)
            let machines = try await client.get(path, as: ListPage<MachineResource>.self)
            var table = Table("MACHINE", "ALIAS", "GROUP", "VERSION", "SLOT", "STAGE", "LAST SEEN", "HOLD OR ERROR")
            for machine in machines.items {
                let trouble = machine.hold?.reason ?? machine.lastError.map { $0.name ?? $0.reason ?? "error" }
                table.add(
                    machine.id.rawValue, machine.alias ?? "", machine.group?.rawValue ?? "", machine.version.text,
                    machine.bootedSlot?.rawValue ?? "", machine.stage.rawValue, machine.lastSeenAt.rfc3339,
                    trouble ?? "")
            }
            try Printer(options: connection).list(machines, offset: page.offset, table)
        }
    }
}

/// One machine. The application may be left out while the server has only one.
struct MachinePlace: ParsableArguments {
    @Option(help: "The application: its id or its name. Not needed where there is only one.") var app: String?
    @Argument(help: "The machine's id.", transform: MachineID.parse) var machine: MachineID

    func path(_ client: FleetClient) async throws -> APIPath {
        if let app { return .application(app, "machines", machine.rawValue) }
        let apps = try await client.get(.applications.with("limit", "2"), as: ListPage<ApplicationResource>.self)
        guard apps.total == 1, let only = apps.items.first else {
            throw ClientError.usage("The server has \(apps.total) applications.", hint: "Say which one with --app.")
        }
        return .application(only.id.canonical, "machines", machine.rawValue)
    }
}

struct MachineShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one machine, and why it waits if it does.",
        discussion: "Example: martlet machine show 0123456789abcdef0123456789abcdef")

    @OptionGroup var place: MachinePlace
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let machine = try await client.get(try await place.path(client), as: MachineResource.self)
            try Printer(options: connection).show(machine, MachineCommand.lines(machine))
        }
    }
}

struct MachineDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Forget a machine; it registers anew when it is heard of again.",
        discussion: "Example: martlet machine delete 0123456789abcdef0123456789abcdef",
        aliases: ["forget"])

    @OptionGroup var place: MachinePlace
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            try await client.delete(try await place.path(client))
            Printer(options: connection).done("Forgot the machine \(place.machine).")
        }
    }
}
