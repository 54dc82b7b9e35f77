import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

struct MachineRollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Order a machine back to the release it ran before, or take the order back.",
        discussion: """
            Examples: martlet machine rollback 0123456789abcdef0123456789abcdef --reason "3.1 loses its network"
                      martlet machine rollback 0123456789abcdef0123456789abcdef --cancel
            The machine is told at its next check, reboots into its other slot, and is not offered the release it left
            until there is a newer one, “machine release”, or “martlet update --force” on it. A machine whose other slot
            holds nothing good refuses; “machine show” says what became of the order. It ends by itself after 7 days.
            """)

    @OptionGroup var place: MachinePlace
    @Option(help: "Why, for people.") var reason: String?
    @Flag(help: "Take the order back; a machine that was told may go back nevertheless.") var cancel = false
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard !cancel || reason == nil else { throw ValidationError("Give --reason or --cancel, not both.") }
    }

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = try await place.path(client).below("rollback")
            let machine =
                if cancel {
                    try await client.delete(path, as: MachineResource.self)
                } else {
                    try await client.send(.post, path, NewRollback(reason: reason), as: MachineResource.self)
                }
            try Printer(options: connection).show(machine, MachineCommand.lines(machine))
        }
    }
}

struct MachineRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Offer a machine the release again that it was rolled back from.",
        discussion: "Example: martlet machine release 0123456789abcdef0123456789abcdef")

    @OptionGroup var place: MachinePlace
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let path = try await place.path(client).below("release")
            let machine = try await client.send(.post, path, [String: String](), as: MachineResource.self)
            try Printer(options: connection).show(machine, MachineCommand.lines(machine))
        }
    }
}
