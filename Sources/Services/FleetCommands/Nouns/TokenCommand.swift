package import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

/// `martlet token …`
package struct TokenCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Access tokens for the API and the page.",
        discussion: "Example: martlet token create build-pipeline --role publisher > token",
        subcommands: [TokenCreate.self, TokenList.self, TokenShow.self, TokenDelete.self])

    package init() {}
}

struct TokenCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a token and print its secret, this once.",
        discussion: """
            Example: martlet token create build-pipeline --role publisher > token
            Standard output holds nothing but the secret.
            """)

    @Argument(help: "What it is for, such as the pipeline that holds it.") var name: String
    @Option(
        help: "What it allows: viewer sees everything, publisher adds releases too, admin does everything.",
        transform: Role.parse)
    var role: Role = .viewer
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let created = try await client.send(
                .post, APIPath("tokens"), NewToken(name: name, role: role), as: CreatedToken.self)
            try Printer(options: connection).show(created, [created.secret])
            guard !connection.json, !connection.quiet, Terminal.showsErrors else { return }
            Terminal.note("Made the token \(created.token.id) (\(role.rawValue)). It is shown only now.\n")
        }
    }
}

struct TokenList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tokens.",
        discussion: "Example: martlet token list")

    @OptionGroup var page: PageOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let tokens = try await client.get(page.applied(to: APIPath("tokens")), as: ListPage<TokenResource>.self)
            var table = Table("TOKEN", "NAME", "ROLE", "CREATED")
            for token in tokens.items {
                table.add(token.id.rawValue, token.name, token.role.rawValue, token.createdAt.rfc3339)
            }
            try Printer(options: connection).list(tokens, offset: page.offset, table)
        }
    }
}

struct TokenShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one token, without its secret.",
        discussion: "Example: martlet token show build-pipeline")

    @Argument(help: "The token's id, or its name where only one has it.") var token: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let token = try await client.token(token)
            var sheet = Sheet()
            sheet.add("token", token.id.rawValue)
            sheet.add("name", token.name)
            sheet.add("role", token.role.rawValue)
            sheet.add("created", token.createdAt.rfc3339)
            try Printer(options: connection).show(token, sheet.lines)
        }
    }
}

struct TokenDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Revoke a token; it stops working at once.",
        discussion: "Example: martlet token delete build-pipeline", aliases: ["revoke"])

    @Argument(help: "The token's id, or its name where only one has it.") var token: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let found = try await client.token(token)
            try await client.delete(APIPath("tokens", found.id.rawValue))
            Printer(options: connection).done("Revoked the token \(found.id) (\(found.name)).")
        }
    }
}

extension FleetClient {
    /// The token with that id, else the only one with that name.
    fileprivate func token(_ text: String) async throws -> TokenResource {
        let path = APIPath("tokens").with("limit", "1000")
        let tokens = try await get(path, as: ListPage<TokenResource>.self).items
        if let match = tokens.first(where: { $0.id.rawValue == text }) { return match }
        let named = tokens.filter { $0.name == text }
        guard let only = named.first, named.count == 1 else {
            guard named.isEmpty else {
                throw ClientError.usage("\(named.count) tokens have the name “\(text)”.", hint: "Give the id.")
            }
            throw ClientError.refused(status: 404, detail: "There is no token “\(text)”.")
        }
        return only
    }
}
