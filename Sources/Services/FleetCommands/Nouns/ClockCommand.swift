package import ArgumentParser
import FleetAPI
import FleetModel

/// `martlet clock …`
package struct ClockCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "clock", abstract: "The server's clock: whether it is believed.",
        discussion: """
            Example: martlet clock show
            When the clock of the server's machine jumps, nothing is offered and nothing expires until it is right again,
            or until “clock accept”.
            """,
        subcommands: [ClockShow.self, ClockAccept.self])

    package init() {}

    static func lines(_ clock: ClockResource) -> [String] {
        var sheet = Sheet()
        sheet.add("now", clock.now.rfc3339)
        sheet.add("believed", clock.trusted ? "yes" : "no")
        sheet.add("jumped by", clock.jumpSeconds.map { "\($0) s" })
        sheet.add("since", clock.since?.rfc3339)
        return sheet.lines
    }
}

struct ClockShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the time by which the server goes, and whether its clock jumped.",
        discussion: "Example: martlet clock show --json")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let clock = try await client.get(APIPath("clock"), as: ClockResource.self)
            try Printer(options: connection).show(clock, ClockCommand.lines(clock))
        }
    }
}

struct ClockAccept: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept", abstract: "Believe the clock as it is now; deadlines and ramps are moved with it.",
        discussion: "Example: martlet clock accept")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = APIPath("clock", "accept")
            let clock = try await client.send(.post, path, [String: String](), as: ClockResource.self)
            try Printer(options: connection).show(clock, ClockCommand.lines(clock))
        }
    }
}
