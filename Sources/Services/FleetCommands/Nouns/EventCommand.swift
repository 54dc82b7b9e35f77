package import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

/// `martlet event …`
package struct EventCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "event", abstract: "Events: what happened to machines.",
        discussion: "Example: martlet event list --group web --limit 20", subcommands: [EventList.self])

    package init() {}
}

struct EventList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List what happened, newest first.",
        discussion: "Example: martlet event list --group web --limit 20")

    @Option(help: "Only of this application: its id or its name.") var app: String?
    @Option(help: "Only of this machine.", transform: MachineID.parse) var machine: MachineID?
    @Option(help: "Only of this group.", transform: GroupName.parse) var group: GroupName?
    @OptionGroup var page: PageOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = page.applied(to: APIPath("events")).with("application", app)
                .with("machine", machine?.rawValue).with("group", group?.rawValue)
            let events = try await client.get(path, as: ListPage<EventResource>.self)
            var table = Table("AT", "MACHINE", "GROUP", "KIND", "VERSION", "WHAT")
            for event in events.items {
                table.add(
                    event.at.rfc3339, event.machine.rawValue, event.group?.rawValue ?? "", event.kind.rawValue,
                    event.version?.text ?? "", event.text)
            }
            try Printer(options: connection).list(events, offset: page.offset, table)
        }
    }
}
