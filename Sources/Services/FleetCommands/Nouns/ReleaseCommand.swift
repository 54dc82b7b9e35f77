package import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

/// `martlet release …`
package struct ReleaseCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Releases: versions of an application.",
        discussion: "Example: martlet release create --app flatcar 2.0.0 --notes 'Kernel 6.12.'",
        subcommands: [
            ReleaseCreate.self, ReleaseList.self, ReleaseShow.self, ReleaseSet.self, ReleaseBlockCommand.self,
            ReleaseUnblock.self, ReleaseFloorCommand.self, ReleaseUnfloor.self, ReleaseDelete.self,
        ])

    package init() {}

    static func lines(_ release: ReleaseResource) -> [String] {
        var sheet = Sheet()
        sheet.add("version", release.version.text)
        sheet.add("created", release.createdAt.rfc3339)
        sheet.add("notes", release.notes)
        if let block = release.block { sheet.add("blocked", "\(block.at.rfc3339) by \(block.by): \(block.reason)") }
        if let floor = release.floor {
            let place = floor.channels.isEmpty ? "" : " of " + floor.channels.map(\.rawValue).joined(separator: ", ")
            sheet.add("floor" + place, "\(floor.at.rfc3339) by \(floor.by): \(floor.reason)")
        }
        for payload in release.payloads { sheet.add("payload", PayloadLines.short(payload)) }
        return sheet.lines
    }
}

struct ReleaseCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Add a release.",
        discussion: "Example: martlet release create --app flatcar 2.0.0")

    @OptionGroup var application: ApplicationOption
    @Argument(help: "Its version.", transform: Version.parse) var version: Version
    @Option(help: "What is new, for people.") var notes: String?
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = APIPath.application(application.app, "releases")
            let new = NewRelease(version: version, notes: notes)
            let release = try await client.send(.post, path, new, as: ReleaseResource.self)
            try Printer(options: connection).show(release, ReleaseCommand.lines(release))
        }
    }
}

struct ReleaseList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List an application's releases.",
        discussion: "Example: martlet release list --app flatcar")

    @OptionGroup var application: ApplicationOption
    @OptionGroup var page: PageOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = page.applied(to: .application(application.app, "releases"))
            let releases = try await client.get(path, as: ListPage<ReleaseResource>.self)
            var table = Table("VERSION", "PAYLOADS", "CREATED", "NOTES")
            for release in releases.items {
                let payloads = release.payloads.map { $0.architecture.name + ($0.source.map { " from \($0)" } ?? "") }
                let marks = (release.block == nil ? "" : "[blocked] ") + (release.floor == nil ? "" : "[floor] ")
                let notes = marks + release.notes.prefix { !$0.isNewline }.prefix(60)
                table.add(
                    release.version.text, payloads.joined(separator: ", "), release.createdAt.rfc3339, notes)
            }
            try Printer(options: connection).list(releases, offset: page.offset, table)
        }
    }
}

struct ReleaseShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one release.",
        discussion: "Example: martlet release show --app flatcar 2.0.0")

    @OptionGroup var application: ApplicationOption
    @Argument(help: "Its version.", transform: Version.parse) var version: Version
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = APIPath.application(application.app, "releases", version.text)
            let release = try await client.get(path, as: ReleaseResource.self)
            try Printer(options: connection).show(release, ReleaseCommand.lines(release))
        }
    }
}

struct ReleaseSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change a release's notes.",
        discussion: "Example: martlet release set --app flatcar 2.0.0 --notes 'Also fixes DNS.'")

    @OptionGroup var application: ApplicationOption
    @Argument(help: "Its version.", transform: Version.parse) var version: Version
    @Option(help: "The new notes.") var notes: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = APIPath.application(application.app, "releases", version.text)
            let release = try await client.send(.patch, path, ReleaseEdit(notes: notes), as: ReleaseResource.self)
            try Printer(options: connection).show(release, ReleaseCommand.lines(release))
        }
    }
}

struct ReleaseDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a release without payloads that no channel points at.",
        discussion: "Example: martlet release delete --app flatcar 2.0.0")

    @OptionGroup var application: ApplicationOption
    @Argument(help: "Its version.", transform: Version.parse) var version: Version
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            try await client.delete(.application(application.app, "releases", version.text))
            Printer(options: connection).done("Deleted the release \(version).")
        }
    }
}
