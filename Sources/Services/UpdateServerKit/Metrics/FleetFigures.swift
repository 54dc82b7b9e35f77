import FleetModel
import FleetOperations
import UpdateModel

/// What the fleet's own counters say of its groups. The store keeps them as things happen; no machine is looked at.
struct FleetFigures {
    /// More groups than this are left out, and counted as such.
    static let groupCountMax = 1000

    private struct Item {
        let labels: MetricsText.Labels
        let census: GroupCensus
        /// Of the target, and of the floors below it.
        let rollouts: [RolloutState]
    }

    private var items: [Item] = []
    private var omitted = 0
    private var clockIsTrusted = true
    /// Payloads that lie elsewhere, those in trouble first.
    private let elsewhere: Page<Payload>

    init(_ control: FleetControl, by caller: Caller) async throws(OperationError) {
        clockIsTrusted = try control.clockState(by: caller).alarm == nil
        let page = PageRequest(limit: PageRequest.limitMaximum)
        elsewhere = try await control.payloadsElsewhere(of: nil, page, by: caller)
        for application in try await control.applications(page, by: caller).items {
            let groups = try await control.groups(of: application.id, page, by: caller)
            let taken = groups.items.prefix(Self.groupCountMax - items.count)
            omitted += groups.total - taken.count
            for group in taken { items.append(try await Self.item(group, of: application, control, caller)) }
        }
    }

    private static func item(
        _ group: Group, of application: Application, _ control: FleetControl, _ caller: Caller
    ) async throws(OperationError) -> Item {
        let target = try await control.currentRollout(of: group, by: caller)
        let floors = try await control.floors(of: group, by: caller).compactMap(\.rollout)
        return Item(
            labels: [("application", application.name), ("group", group.name.rawValue)],
            census: try await control.census(of: group.name, in: application.id, by: caller),
            rollouts: [target].compactMap { $0 } + floors)
    }

    func write(to text: inout MetricsText) {
        text.add("martlet_clock_trusted", .gauge, "Whether the server believes its clock.", clockIsTrusted ? 1 : 0)
        text.add("martlet_groups_omitted", .gauge, "Groups beyond those that are shown.", Double(omitted))
        text.add(
            "martlet_machines", .gauge, "Machines of a group, by stage.",
            items.flatMap { item in
                item.census.stages.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                    (item.labels + [("stage", $0.key.rawValue)], Double($0.value))
                }
            })
        text.add(
            "martlet_machines_held", .gauge, "Machines of a group that wait, by their leading reason.",
            items.flatMap { item in
                item.census.holds.sorted { $0.key.name < $1.key.name }.map {
                    (item.labels + [("reason", $0.key.name)], Double($0.value))
                }
            })
        writeElsewhere(to: &text)
        writeRollouts(to: &text)
    }

    private func writeElsewhere(to text: inout MetricsText) {
        text.add(
            "martlet_payloads_elsewhere", .gauge, "Payloads that lie on other servers.", Double(elsewhere.total))
        text.add(
            "martlet_payloads_unavailable", .gauge, "Of these, those that machines cannot have now.",
            Double(elsewhere.items.count { !$0.isAvailable }))
        let troubles = elsewhere.items.flatMap(\.mirrors).compactMap(\.trouble?.kind)
        text.add(
            "martlet_payload_mirrors_in_trouble", .gauge, "Places of such payloads to which no machine is sent, by reason.",
            MirrorTrouble.Kind.allCases.map { kind in
                ([("reason", kind.rawValue)], Double(troubles.count { $0 == kind }))
            })
    }

    /// Of each group's target and the floors below it alone, so that the number of series does not grow with every
    /// release.
    private func writeRollouts(to text: inout MetricsText) {
        let rollouts = items.flatMap { item in
            item.rollouts.map { (labels: item.labels + [("version", $0.id.version.text)], state: $0) }
        }
        func add(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: (RolloutState) -> Int) {
            text.add("martlet_rollout_" + name, kind, help, rollouts.map { ($0.labels, Double(value($0.state))) })
        }
        add("granted_total", .counter, "Leaves ever given to machines of the group.") { $0.granted }
        add("in_progress", .gauge, "Machines that hold a place now.") { $0.inProgress }
        add("completed_total", .counter, "Machines that came up on the release.") { $0.completed }
        add("failed_total", .counter, "Machines that failed the release.") { $0.failed }
        add("expired_total", .counter, "Machines whose time ran out in a stage.") { $0.expired }
        add("silent_total", .counter, "Machines that installed it and fell silent.") { $0.silent }
        add("paused", .gauge, "Whether an operator paused or aborted it.") { $0.control == nil ? 0 : 1 }
        text.add(
            "martlet_rollout_stopped", .gauge, "Whether it stopped itself, and which brake did it.",
            rollouts.map { rollout in
                let brake = rollout.state.stop.map { ($0.brake ?? .failures).rawValue } ?? ""
                return (rollout.labels + [("brake", brake)], rollout.state.stop == nil ? 0 : 1)
            })
    }
}
