import FleetAPI
import FleetModel
import UpdateModel

/// The machines: where each stands, and why.
struct MachineSection {
    let machines: ListPage<MachineResource>
    let now: Timestamp

    init(_ machines: ListPage<MachineResource>, at now: Timestamp) {
        self.machines = machines
        self.now = now
    }

    var html: HTML {
        .tag(.section) {
            HTML.tag(.h2) {
                "Machines"
                if machines.total > machines.items.count {
                    HTML.tag(.span, [.class("id")], "the first \(machines.items.count) of \(machines.total)")
                }
            }
            if machines.items.isEmpty {
                HTML.tag(.p, [.class("quiet")], "No machine has checked in yet.")
            } else {
                table
            }
        }
    }

    private var table: HTML {
        .tag(.table, [.class("machines")]) {
            HTML.tag(.thead) {
                HTML.tag(.tr) {
                    for title in ["Machine", "Group", "Version", "Slot", "State", "Last seen"] {
                        HTML.tag(.th, [Attribute("scope", "col")], title)
                    }
                }
            }
            HTML.tag(.tbody) {
                for machine in machines.items { row(machine) }
            }
        }
    }

    private func row(_ machine: MachineResource) -> HTML {
        .tag(.tr) {
            HTML.tag(.td) { name(machine) }
            cell("Group", machine.group?.rawValue ?? "none (track \(machine.track))")
            HTML.tag(.td, [Attribute("data-label", "Version"), .class("version")], machine.version.text)
            cell("Slot", machine.bootedSlot?.rawValue ?? "–")
            HTML.tag(.td, [Attribute("data-label", "State")]) { state(machine) }
            HTML.tag(.td, [Attribute("data-label", "Last seen")]) {
                HTML.tag(
                    .time,
                    [
                        Attribute("datetime", machine.lastSeenAt.rfc3339),
                        Attribute("title", machine.lastSeenAt.rfc3339),
                    ],
                    Words.ago(machine.lastSeenAt, at: now))
            }
        }
    }

    private func name(_ machine: MachineResource) -> HTML {
        .fragment([
            machine.alias.map { .tag(.strong, $0) } ?? .empty,
            .tag(.span, [.class("id"), Attribute("title", machine.id.rawValue)], Words.short(machine.id.rawValue)),
        ])
    }

    private func state(_ machine: MachineResource) -> HTML {
        .fragment([
            .tag(
                .span, [.class("badge \(Words.mood(machine.stage))")],
                Words.stage(machine.stage, granted: machine.grantedVersion?.text)),
            machine.hold.map { .tag(.p, [.class("why")], $0.text) } ?? .empty,
            machine.lastError.map(error) ?? .empty,
        ])
    }

    private func error(_ error: ErrorResource) -> HTML {
        .tag(.p, [.class("why error")]) {
            error.meaning ?? "It reported an error."
            if let reason = error.reason { " It says: \(reason)" }
            " (\(Words.ago(error.at, at: now)))"
        }
    }

    private func cell(_ label: String, _ text: String) -> HTML {
        .tag(.td, [Attribute("data-label", label)], text)
    }
}
