import FleetAPI
import FleetModel
import UpdateModel

/// One group: what it follows, how far it is, and what holds it up.
struct GroupCard {
    let group: GroupResource
    let names: MachineNames
    let now: Timestamp

    init(_ group: GroupResource, _ names: MachineNames, at now: Timestamp) {
        self.group = group
        self.names = names
        self.now = now
    }

    var html: HTML {
        .tag(.div, [.class("card")]) {
            HTML.tag(.h3) {
                group.name.rawValue
                badge
            }
            HTML.tag(.p, [.class("quiet")]) {
                "track "
                HTML.tag(.code, group.track.rawValue)
                " · channel "
                HTML.tag(.code, group.channel.rawValue)
                group.secrets == nil ? "" : " · private: machines show a secret"
                " · \(policy)"
            }
            progress
            if let rollout = group.rollout, rollout.state == .stopped { stop(rollout) }
            for rollout in group.floors?.compactMap(\.rollout) ?? [] where rollout.state == .stopped { stop(rollout) }
            if let control = group.rollout?.control { halt(control) }
            if let undo = group.undo { back(undo) }
            numbers
        }
    }

    private var badge: HTML {
        if !group.policy.enabled { return .tag(.span, [.class("badge idle")], "disabled") }
        if let state = group.rollout?.state, state != .running {
            return .tag(.span, [.class(state == .paused ? "badge idle" : "badge bad")], state.rawValue)
        }
        if group.undo != nil { return .tag(.span, [.class("badge busy")], "going back") }
        guard group.machines.total > 0, let target = group.version?.text else {
            return .tag(.span, [.class("badge idle")], group.version == nil ? "no release" : "no machines")
        }
        let there = group.machines.byVersion[target] ?? 0
        if there == group.machines.total { return .tag(.span, [.class("badge good")], "up to date") }
        if group.rollout?.inProgress ?? 0 == 0 { return .tag(.span, [.class("badge idle")], "waiting") }
        return .tag(.span, [.class("badge busy")], "rolling out")
    }

    private var policy: String {
        let limit = group.policy.maxInProgress.map { "at most \($0) at a time" } ?? "any number at a time"
        let stop = group.policy.stopAfterFailures.map { "stops after \(Words.count($0, "failure"))" } ?? "never stops"
        var parts = [limit, stop]
        if let rate = group.policy.rate { parts.append("\(rate.maximum) in \(SpanText.text(rate.seconds))") }
        if let rate = group.policy.downloadRate { parts.append("downloads \(RateText.text(rate))") }
        if let canary = group.policy.canary { parts.append("\(Words.count(canary.size, "machine")) first") }
        if let ramp = group.policy.ramp { parts.append("ramp \(ramp.words)") }
        if let order = group.policy.after { parts.append("after \(order.group)") }
        if let windows = group.policy.windows { parts.append(Words.count(windows.count, "offer window")) }
        return parts.joined(separator: " · ")
    }

    private func halt(_ control: RolloutControl) -> HTML {
        .tag(.p, [.class("why")]) {
            "\(control.kind == .paused ? "Paused" : "Withdrawn") by \(control.by), \(Words.ago(control.at, at: now))"
            control.reason.map { ": \($0)" } ?? "."
        }
    }

    private func back(_ undo: GroupUndo) -> HTML {
        .tag(.p, [.class("why")]) {
            "On the way back from \(undo.from) to \(undo.to), by \(undo.orderedBy)"
            undo.reason.map { ": \($0)" } ?? "."
        }
    }

    private func stop(_ rollout: RolloutResource) -> HTML {
        .tag(.p, [.class("alarm")]) {
            HTML.tag(.strong, "The roll-out of \(rollout.version) stopped itself. ")
            names.applied(to: rollout.stopReason ?? "")
            if let at = rollout.stoppedAt { " (\(Words.ago(at, at: now)))" }
        }
    }

    /// In machines as they stand now, not in leaves that were given once.
    private func standing(_ rollout: RolloutResource) -> String {
        func count(_ stages: MachineStage...) -> Int {
            stages.reduce(0) { $0 + (group.machines.byStage[$1.rawValue] ?? 0) }
        }
        var parts = ["\(group.machines.byVersion[rollout.version.text] ?? 0) run it"]
        for (number, word) in [
            (rollout.inProgress, "updating"), (count(.failed), "failed"), (count(.overdue), "overdue"),
            (count(.held), rollout.state == .stopped ? "held while it is stopped" : "waiting"),
        ] where number > 0 {
            parts.append("\(number) \(word)")
        }
        return parts.joined(separator: ", ")
    }

    private var numbers: HTML {
        .tag(.p, [.class("quiet")]) {
            Words.count(group.machines.total, "machine")
            if let rollout = group.rollout {
                " · \(rollout.version): \(standing(rollout))"
                if let percent = rollout.rampPercent { " · ramp at \(Int(percent)) %" }
            }
            if let free = group.downloadsFreeAt { " · next download granted \(Words.ahead(free, at: now))" }
            if let clones = group.machines.clones { " · \(Words.count(clones, "id")) shared by several machines" }
        }
    }
}

// The bar: one piece for each version, the target first.
extension GroupCard {
    private var progress: HTML {
        let total = group.machines.total
        guard total > 0 else { return .empty }
        return .fragment([bar(total), legend])
    }

    /// The target first, the others by how many machines run them.
    private var versions: [(name: String, count: Int)] {
        let target = group.version?.text
        return group.machines.byVersion.map { (name: $0.key, count: $0.value) }.sorted { left, right in
            if (left.name == target) != (right.name == target) { return left.name == target }
            return left.count == right.count ? left.name < right.name : left.count > right.count
        }
    }

    private func bar(_ total: Int) -> HTML {
        var start = 0
        var pieces: [HTML] = []
        for (index, version) in versions.enumerated() {
            let from = 1000 * start / total
            let to = 1000 * (start + version.count) / total
            start += version.count
            pieces.append(
                .tag(
                    .rect,
                    [
                        Attribute("x", "\(from)"), Attribute("y", "0"), Attribute("width", "\(to - from)"),
                        Attribute("height", "10"), .class(colour(of: version.name, index)),
                    ]))
        }
        let label = versions.map { "\($0.name): \($0.count)" }.joined(separator: ", ")
        return .element(
            .svg,
            [
                .class("bar"), Attribute("viewBox", "0 0 1000 10"), Attribute("preserveAspectRatio", "none"),
                Attribute("role", "img"), Attribute("aria-label", label),
            ], pieces)
    }

    private var legend: HTML {
        .tag(.ul, [.class("legend")]) {
            for (index, version) in versions.prefix(6).enumerated() {
                HTML.tag(.li) {
                    HTML.tag(.span, [.class("dot \(colour(of: version.name, index))")])
                    "\(version.name) · \(version.count)"
                }
            }
            if versions.count > 6 { HTML.tag(.li, "and \(versions.count - 6) more") }
        }
    }

    private func colour(of version: String, _ index: Int) -> String {
        if version == group.version?.text { return "target" }
        let isAfterTarget = versions.first?.name == group.version?.text
        return "other\((isAfterTarget ? index - 1 : index) % 4)"
    }
}
