import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

/// `martlet group secret …`
struct GroupSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Secrets that machines of a private group show.",
        discussion: "Example: martlet group secret create --app flatcar lab > secret",
        subcommands: [GroupSecretCreate.self, GroupSecretList.self, GroupSecretRevoke.self])
}

struct GroupSecretCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a secret and print it, this once; with its first one a group is private.",
        discussion: """
            Example: martlet group secret create --app flatcar lab > secret
            Machines show it at the end of their server's URL: SERVER=https://updates.example/v1/update/SECRET. Standard output
            holds nothing but the secret.
            """)

    @OptionGroup var place: GroupPlace
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = place.path.below("secrets")
            let made = try await client.send(.post, path, [String: String](), as: CreatedGroupSecret.self)
            try Printer(options: connection).show(made, [made.secret])
            guard !connection.json, !connection.quiet, Terminal.showsErrors else { return }
            Terminal.note("Made the secret \(made.id) of the group \(place.group). It is shown only now.\n")
        }
    }
}

struct GroupSecretList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List a group's secrets, without their texts.",
        discussion: "Example: martlet group secret list --app flatcar lab")

    @OptionGroup var place: GroupPlace
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let secrets = try await client.get(place.path, as: GroupResource.self).secrets ?? []
            var table = Table("SECRET", "CREATED", "BY")
            for secret in secrets { table.add(secret.id.rawValue, secret.at.rfc3339, secret.by) }
            let page = ListPage(items: secrets, total: secrets.count)
            try Printer(options: connection).list(page, offset: 0, table)
        }
    }
}

struct GroupSecretRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Make a secret worth nothing.",
        discussion: """
            Example: martlet group secret revoke --app flatcar lab 0123456789ab
            The last one of a group goes only with --open: without it everybody may ask, and payloads may be open to everybody.
            """)

    @OptionGroup var place: GroupPlace
    @Argument(help: "The secret's id.", transform: GroupSecretID.parse) var secret: GroupSecretID
    @Flag(help: "Revoke the group's last secret, too: the group is open to everybody then.") var open = false
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = place.path.below("secrets").below(secret.rawValue)
            try await client.delete(path.with("open", open ? "true" : nil))
            Printer(options: connection).done("Revoked the secret \(secret).")
        }
    }
}
