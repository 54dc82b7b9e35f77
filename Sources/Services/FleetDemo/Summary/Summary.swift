import FoundationEssentials
import UpdateModel

/// What happened, as `DIR/summary.json` has it.
///
/// ```text
/// passed                the story was told to its end, and every step of it came true
/// machines[]            one for each machine, in the order of the table
///   id, alias           its machine id and its name
///   slot, version       running at the end
///   outcome             what became of it, in words
///   updateSeconds       from the start of the download of 2.0.0 until its boot was judged good
///   downloadedBytes     fetched from the server, over all
///   boots, daemonStarts how often the machine was switched on, and its daemon started
///   history[]           seconds (since the start of the demo), kind, slot, version, text
/// steps[]               name, passed, seconds, detail
/// seconds               from the start of the demo to the end of the story
/// page                  the server's page, while it runs
/// ```
struct Summary: Sendable, Codable {
    /// The story was told to its end, and every step of it came true.
    var passed: Bool
    var machines: [MachineSummary]
    var steps: [StepResult]
    /// From the start of the demo to the end of the story.
    var seconds: Double
    /// The server's page, while it runs; `nil` when it never ran.
    var page: String?

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try Folder.write(String(decoding: try encoder.encode(self), as: UTF8.self) + "\n", to: path)
    }
}

/// What became of a machine.
struct MachineSummary: Sendable, Codable {
    var id: MachineID
    var alias: String
    /// Running at the end.
    var slot: Slot?
    var version: String?
    /// In words.
    var outcome: String
    /// From the start of the download of 2.0.0 until its boot was judged good.
    var updateSeconds: Double?
    /// Fetched from the server, over all.
    var downloadedBytes: UInt64
    var boots: Int
    var daemonStarts: Int
    var history: [HistoryEntry]

    init(_ view: MachineView, _ releases: Releases) {
        id = view.card.id
        alias = view.card.alias
        slot = view.slot
        version = view.version
        outcome = Self.outcome(view, releases)
        updateSeconds = Self.updateSeconds(view, releases.good.version)
        downloadedBytes = view.downloadedBytes
        boots = view.boots
        daemonStarts = view.starts
        history = view.history
    }

    private static func outcome(_ view: MachineView, _ releases: Releases) -> String {
        let (good, broken) = (releases.good.version, releases.broken.version)
        var words: [String] = []
        if view.history.contains(where: { $0.kind == .healthy && $0.version == good.text }) {
            words.append("updated to \(good)")
        }
        if view.history.contains(where: { $0.kind == .killed }) { words.append("killed and went on") }
        words.append(
            view.history.contains { $0.kind == .fellBack && $0.version == broken.text }
                ? "tried \(broken), fell back" : "never saw \(broken)")
        return words.joined(separator: ", ")
    }

    private static func updateSeconds(_ view: MachineView, _ version: Version) -> Double? {
        let began = view.history.first { $0.kind == .downloading && $0.version == version.text }
        let ended = view.history.first { $0.kind == .healthy && $0.version == version.text }
        guard let began, let ended else { return nil }
        return (ended.seconds - began.seconds).toTheMillisecond
    }
}
