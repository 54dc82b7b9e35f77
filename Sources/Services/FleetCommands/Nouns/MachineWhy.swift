import ArgumentParser
import FleetAPI
import FleetModel

struct MachineWhy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Say in one line why a machine stands where it stands.",
        discussion: """
            Example: martlet machine why 0123456789abcdef0123456789abcdef
            There is exactly one reason: what the server decided at the machine's last check.
            """)

    @OptionGroup var place: MachinePlace
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let why = try await client.get(try await place.path(client).below("why"), as: WhyResource.self)
            let end = why.until.map { " Expected until \($0)." } ?? ""
            try Printer(options: connection).show(why, [Terminal.safe("\(why.reason): \(why.text)\(end)")])
        }
    }
}
