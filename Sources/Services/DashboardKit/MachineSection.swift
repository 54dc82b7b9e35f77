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
                summary
                table
            }
        }
    }

    /// By urgency, then by what people call them.
    private var sorted: [MachineResource] {
        func key(_ machine: MachineResource) -> (Int, String, String) {
            (Words.urgency(machine.stage), machine.alias ?? machine.id.rawValue, machine.id.rawValue)
        }
        return machines.items.sorted { key($0) < key($1) }
    }

    /// One line for the whole fleet.
    private var summary: HTML {
        func count(_ isMeant: (MachineStage) -> Bool) -> Int { machines.items.count { isMeant($0.stage) } }
        let parts = [
            Words.count(machines.items.count, "machine") + (machines.total > machines.items.count ? " shown" : ""),
            "\(count { $0 == .complete }) up to date", "\(count { Words.mood($0) == "busy" }) updating",
            "\(count { $0 == .held }) waiting", "\(count { $0 == .failed }) failed",
            "\(count { $0 == .overdue }) overdue",
        ]
        return .tag(.p, [.class("quiet")], parts.joined(separator: " · "))
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
                for machine in sorted { row(machine) }
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
            machine.alias.map { .tag(.strong, [Attribute("title", $0)], Words.clipped($0)) } ?? .empty,
            .tag(.span, [.class("id"), Attribute("title", machine.id.rawValue)], Words.short(machine.id.rawValue)),
        ])
    }

    private func state(_ machine: MachineResource) -> HTML {
        .fragment([
            .tag(
                .span, [.class("badge \(Words.mood(machine.stage))")],
                Words.stage(machine.stage, granted: machine.grantedVersion?.text)),
            machine.hold.map(hold) ?? .empty,
            machine.clone.map { clone in
                .tag(.p, [.class("why error")], "Several machines share this id: boots came back \(clone.count) times.")
            } ?? .empty,
            machine.rollback.flatMap(rollback) ?? .empty,
            machine.lastError.map(error) ?? .empty,
        ])
    }

    private func hold(_ hold: HoldResource) -> HTML {
        .tag(.p, [.class("why")]) {
            hold.text
            if let until = hold.until { " Expected \(Words.ahead(until, at: now))." }
        }
    }

    /// An order that stands, or that the machine did not follow.
    private func rollback(_ order: RollbackResource) -> HTML? {
        switch order.state {
        case .pending, .told, .begun: .tag(.p, [.class("why")], "Rollback: \(order.summary)")
        case .refused, .expired: .tag(.p, [.class("why error")], "Rollback: \(order.summary)")
        case .done, .withdrawn, .overtaken: nil
        }
    }

    private func error(_ error: ErrorResource) -> HTML {
        .tag(.p, [.class("why error")]) {
            Words.explanation(error) ?? "It reported an error."
            if let words = Words.ownWords(error.reason, beside: error) { " It says: \(words)" }
            " (\(Words.ago(error.at, at: now)))"
        }
    }

    private func cell(_ label: String, _ text: String) -> HTML {
        .tag(.td, [Attribute("data-label", label)], text)
    }
}
