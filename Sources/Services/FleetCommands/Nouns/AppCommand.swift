package import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

/// `martlet app …`
package struct AppCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "app", abstract: "Applications: what has versions of its own.",
        discussion: """
            Example: martlet app create --id '{e96281a6-d1af-4bde-9a0a-97b76e56dc57}' --name flatcar
            Wherever another command takes --app, the id in any spelling and the name both do.
            """,
        subcommands: [AppCreate.self, AppList.self, AppShow.self, AppSet.self, AppDelete.self])

    package init() {}

    static func lines(_ app: ApplicationResource) -> [String] {
        var sheet = Sheet()
        sheet.add("id", app.id.text)
        sheet.add("name", app.name)
        sheet.add("created", app.createdAt.rfc3339)
        return sheet.lines
    }
}

struct AppCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Add an application.",
        discussion: "Example: martlet app create --id '{e96281a6-d1af-4bde-9a0a-97b76e56dc57}' --name flatcar")

    @Option(
        help: "The id that machines send: a GUID, with or without braces, or a plain name.",
        transform: ApplicationID.parse)
    var id: ApplicationID
    @Option(help: "What people call it.")
    var name: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let new = NewApplication(id: id, name: name)
            let app = try await client.send(.post, .applications, new, as: ApplicationResource.self)
            try Printer(options: connection).show(app, AppCommand.lines(app))
        }
    }
}

struct AppList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the applications.",
        discussion: "Example: martlet app list")

    @OptionGroup var page: PageOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let apps = try await client.get(page.applied(to: .applications), as: ListPage<ApplicationResource>.self)
            var table = Table("NAME", "ID", "CREATED")
            for app in apps.items { table.add(app.name, app.id.text, app.createdAt.rfc3339) }
            try Printer(options: connection).list(apps, offset: page.offset, table)
        }
    }
}

struct AppShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one application.",
        discussion: "Example: martlet app show flatcar")

    @Argument(help: "Its id or its name.") var application: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let app = try await client.get(.application(application), as: ApplicationResource.self)
            try Printer(options: connection).show(app, AppCommand.lines(app))
        }
    }
}

struct AppSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Rename an application.",
        discussion: "Example: martlet app set flatcar --name 'Flatcar Container Linux'")

    @Argument(help: "Its id or its name.") var application: String
    @Option(help: "The new name.") var name: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let edit = ApplicationEdit(name: name)
            let app = try await client.send(.patch, .application(application), edit, as: ApplicationResource.self)
            try Printer(options: connection).show(app, AppCommand.lines(app))
        }
    }
}

struct AppDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete an application that nothing uses any more.",
        discussion: "Example: martlet app delete flatcar")

    @Argument(help: "Its id or its name.") var application: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            try await client.delete(.application(application))
            Printer(options: connection).done("Deleted the application \(application).")
        }
    }
}
