import ArgumentParser
import FleetAPI
import FleetModel
import UpdateModel

struct MachineSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Label, move, pin or hold a machine; what is not given stays.",
        discussion: """
            Examples: martlet machine set ID --label role=web --label zone=eu --unlabel old
                      martlet machine set ID --hold --reason "disk is being replaced"
                      martlet machine set ID --pin 2.0.0
                      martlet machine set ID --group canaries
            It takes effect at the machine's next check.
            """)

    @OptionGroup var place: MachinePlace
    @Option(name: .customLong("label"), help: "A label as NAME=VALUE; may be repeated.") var labels: [String] = []
    @Option(name: .customLong("unlabel"), help: "The name of a label to take away; may be repeated.")
    var unlabels: [String] = []
    @Option(help: "Move it to this group whatever it says; none leaves it to labels and track.", transform: Self.group)
    var group: FieldEdit<GroupName>?
    @Option(help: "Keep it at this release; none lets it follow its channel.", transform: Self.pin)
    var pin: FieldEdit<Version>?
    @Flag(help: "Offer nothing to it.") var hold = false
    @Flag(help: "Offer updates to it again.") var unhold = false
    @Option(help: "Why it is held, for people.") var reason: String?
    @OptionGroup var tag: TagOption
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard !(hold && unhold) else { throw ValidationError("Give --hold or --unhold, not both.") }
        guard reason == nil || hold else { throw ValidationError("--reason goes with --hold.") }
        guard try !edit().isEmpty else {
            throw ValidationError("Nothing to change; give for instance --label role=web or --hold.")
        }
    }

    func run() async throws {
        try await FleetClient.connected(connection) { client in
            let machine = try await client.send(
                .patch, try await place.path(client), try edit(), ifStill: tag.ifTag, as: MachineResource.self)
            try Printer(options: connection).show(machine, MachineCommand.lines(machine))
        }
    }

    private func edit() throws -> MachineEdit {
        var changes: [String: FieldEdit<String>] = [:]
        for label in labels {
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw ValidationError("“\(label)” is no label; use NAME=VALUE.") }
            changes[String(parts[0])] = .limit(String(parts[1]))
        }
        for label in unlabels { changes[label] = .unlimited }
        return MachineEdit(
            labels: changes, group: group, pin: pin, held: hold ? true : unhold ? false : nil, reason: reason)
    }

    private static func group(_ text: String) throws -> FieldEdit<GroupName> {
        text == "none" ? .unlimited : .limit(try GroupName.parse(text))
    }

    private static func pin(_ text: String) throws -> FieldEdit<Version> {
        text == "none" ? .unlimited : .limit(try Version.parse(text))
    }
}
