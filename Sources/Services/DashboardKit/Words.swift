import FleetAPI
import FleetModel

/// How the page says things.
enum Words {
    /// `1 machine`, `3 machines`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// How long ago `moment` was, seen from `now`: `just now`, `12 s ago`, `3 min ago`, `5 h ago`, `2 d ago`. A page
    /// without scripts does not know its reader's time zone, and this needs none.
    static func ago(_ moment: Timestamp, at now: Timestamp) -> String {
        let seconds = now.seconds(since: moment)
        switch seconds {
        case ..<2: return "just now"
        case ..<90: return "\(seconds) s ago"
        case ..<5400: return "\(seconds / 60) min ago"
        case ..<129_600: return "\(seconds / 3600) h ago"
        default: return "\(seconds / 86_400) d ago"
        }
    }

    /// How far ahead `moment` is, and when that is: `in 2 d, 2026-11-23 21:00 UTC`.
    static func ahead(_ moment: Timestamp, at now: Timestamp) -> String {
        let seconds = moment.seconds(since: now)
        let span =
            switch seconds {
            case ..<2: "now"
            case ..<90: "in \(seconds) s"
            case ..<5400: "in \(seconds / 60) min"
            case ..<129_600: "in \(seconds / 3600) h"
            default: "in \(seconds / 86_400) d"
            }
        let text = moment.rfc3339
        return "\(span), \(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }

    /// Where a machine stands.
    static func stage(_ stage: MachineStage, granted version: String?) -> String {
        let target = version.map { " \($0)" } ?? ""
        return switch stage {
        case .registered: "known"
        case .held: "waiting"
        case .offered: "was offered\(target)"
        case .downloading: "downloading\(target)"
        case .downloaded: "verified\(target)"
        case .installed: "installed\(target), reboots"
        case .complete: "up to date"
        case .failed: "failed"
        case .overdue: "overdue"
        }
    }

    /// The colour of a stage: `good`, `busy`, `bad` or `idle`.
    static func mood(_ stage: MachineStage) -> String {
        switch stage {
        case .complete: "good"
        case .offered, .downloading, .downloaded, .installed: "busy"
        case .failed, .overdue: "bad"
        case .registered, .held: "idle"
        }
    }

    static func mood(_ kind: MachineEvent.Kind) -> String {
        switch kind {
        case .complete, .rolledBack: "good"
        case .failed, .error, .expired, .silent, .clone: "bad"
        case .offered, .downloading, .downloaded, .installed, .rollback: "busy"
        case .registered, .moved, .versionChanged, .superseded, .rollbackEnded, .released, .changed, .other: "idle"
        }
    }

    /// What happened, in a word or two.
    static func name(_ kind: MachineEvent.Kind) -> String {
        switch kind {
        case .registered: "first seen"
        case .moved: "moved"
        case .versionChanged: "new version"
        case .offered: "offered"
        case .downloading: "downloading"
        case .downloaded: "verified"
        case .installed: "installed"
        case .complete: "updated"
        case .failed: "failed"
        case .error: "error"
        case .expired: "too slow"
        case .silent: "silent"
        case .changed: "changed"
        case .clone: "clone"
        case .superseded: "withdrawn"
        case .rollback: "rollback"
        case .rolledBack: "rolled back"
        case .rollbackEnded: "no rollback"
        case .released: "released"
        case .other: "report"
        }
    }

    /// Failed, overdue and held machines first: they need a person.
    static func urgency(_ stage: MachineStage) -> Int {
        switch stage {
        case .failed: 0
        case .overdue: 1
        case .held: 2
        case .registered, .offered, .downloading, .downloaded, .installed, .complete: 3
        }
    }

    /// `text` in at most `count` characters.
    static func clipped(_ text: String, to count: Int = 40) -> String {
        text.count > count ? String(text.prefix(count - 1)) + "…" : text
    }

    /// A code's name and what it means, once.
    static func explanation(_ error: ErrorResource) -> String? {
        switch (error.name, error.meaning) {
        case (let name?, let meaning?): "\(name): \(meaning)"
        case (let name, let meaning): meaning ?? name
        }
    }

    /// The machine's own words, unless they only repeat the code: `26 Name: What it means.`
    static func ownWords(_ text: String?, beside error: ErrorResource?) -> String? {
        guard let text, !text.isEmpty else { return nil }
        guard let error else { return text }
        if let name = error.name, text == name || text == error.meaning { return nil }
        if let name = error.name, let meaning = error.meaning, text.hasSuffix("\(name): \(meaning)") { return nil }
        return text
    }

    /// The first characters of a machine's id: enough to tell machines of a small fleet apart.
    static func short(_ id: String) -> String { id.count > 12 ? String(id.prefix(8)) + "…" : id }
}
