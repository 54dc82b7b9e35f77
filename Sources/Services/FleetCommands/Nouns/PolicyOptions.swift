import ArgumentParser
import FleetAPI

/// How a release may spread through a group.
struct PolicyOptions: ParsableArguments {
    @Flag(help: "Offer updates.") var enabled = false
    @Flag(help: "Offer nothing.") var disabled = false

    @Option(help: "Machines that may update at once: a number, or none for no limit.", transform: Self.limit)
    var maxInProgress: LimitEdit?

    @Option(help: "Failed machines that stop a roll-out: a number, or none for never.", transform: Self.limit)
    var stopAfterFailures: LimitEdit?

    @Option(help: "Seconds that a machine may stay in one stage before its place goes to another.")
    var stageDeadline: Int64?

    func validate() throws {
        guard !(enabled && disabled) else { throw ValidationError("Give --enabled or --disabled, not both.") }
    }

    var edit: PolicyEdit {
        PolicyEdit(
            enabled: enabled ? true : disabled ? false : nil, maxInProgress: maxInProgress,
            stopAfterFailures: stopAfterFailures, stageDeadlineSeconds: stageDeadline)
    }

    private static func limit(_ text: String) throws -> LimitEdit {
        if text == "none" { return .unlimited }
        guard let number = Int(text), number >= 0 else {
            throw ValidationError("“\(text)” is not a limit; use a number or none.")
        }
        return .limit(number)
    }
}
