import EngineControl
import UpdateModel

/// 2.0.0 rides through the stable group, and a killed daemon does not stop it.
extension Cast {
    /// What was seen when the daemon was killed.
    struct Casualty: Sendable {
        let index: Int
        let alias: String
        let receivedBytes: UInt64
        let totalBytes: UInt64
        let boots: Int
        let sessions: Int
    }

    func rollOutGoodRelease() async throws {
        let version = releases.good.version
        let limit = stage.limits.inProgressMax
        let casualty = try await stage.chronicle.step(
            "\(version) reaches stable, \(limit) at a time; one daemon is killed on the way"
        ) {
            let watch = RolloutWatch()
            try await waitForFleet("every machine runs \(version) and is good") { views in
                await watch.look(views.dropFirst().filter { $0.isOnItsWay(to: version) }.count)
                if await watch.casualty == nil, let victim = Self.victim(views, of: version) {
                    await watch.fell(victim)
                    await fleet[victim.index].killDaemon()
                }
                return views.allSatisfy { $0.isSettled(on: version) }
            }
            let most = await watch.mostOnTheirWay
            try check(most <= limit, "at most \(limit) at a time", seen: "\(most) at a time")
            guard let casualty = await watch.casualty else {
                throw StoryFailure(expected: "a daemon killed in mid-download", seen: "no download was caught half-way")
            }
            return (casualty, "most at once: \(most)")
        }
        try await proveResumption(casualty)
        try await proveDisks("Every disk and the server agree: \(version)", failed: nil)
    }

    /// By then a daemon has written down for certain how far it is: it does so every few MiB.
    private static let checkpointBytes: UInt64 = 6 << 20

    /// A machine in the middle of its download, if there is one.
    private static func victim(_ views: [MachineView], of version: Version) -> Casualty? {
        for (index, view) in views.enumerated().dropFirst() {
            guard let status = view.status, status.state == .downloading, status.newVersion == version.text,
                let progress = status.progress, progress.totalBytes > 0
            else { continue }
            let isHalfWay = progress.receivedBytes >= min(checkpointBytes, progress.totalBytes / 2)
            guard isHalfWay, progress.receivedBytes <= progress.totalBytes / 10 * 9 else { continue }
            return Casualty(
                index: index, alias: view.card.alias, receivedBytes: progress.receivedBytes,
                totalBytes: progress.totalBytes, boots: view.boots, sessions: view.sessions.count)
        }
        return nil
    }

    /// The daemon after the killed one fetched only what was missing, in the same boot.
    private func proveResumption(_ casualty: Casualty) async throws {
        let percent = casualty.receivedBytes * 100 / max(1, casualty.totalBytes)
        try await stage.chronicle.step("\(casualty.alias), killed with SIGKILL at \(percent) %, went on where it was") {
            let view = await fleet[casualty.index].view
            let killed = view.history.last { $0.kind == .killed }
            let restarted = view.history.last { $0.kind == .restarted }
            try check(
                killed != nil && restarted != nil, "a kill and a restart", seen: "\(view.history.map(\.kind))",
                log: view.card.log)
            let rebootsBetween = view.history.contains { entry in
                entry.kind == .booted && entry.seconds > killed?.seconds ?? 0 && entry.seconds < restarted?.seconds ?? 0
            }
            try check(!rebootsBetween, "no reboot between", seen: "a reboot", log: view.card.log)
            // The session after the killed daemon's: it ends with the reboot into the new release.
            let sessions = view.sessions.dropFirst(casualty.sessions + 1)
            guard let fetched = sessions.first else {
                throw StoryFailure(expected: "a second session", seen: "\(view.sessions)", log: view.card.log)
            }
            let most = casualty.totalBytes - casualty.receivedBytes / 2
            try check(
                fetched > 0 && fetched < most, "less than \(most) bytes after the restart", seen: "\(fetched) bytes",
                log: view.card.log)
            return (
                (), "fetched \(ByteCount.text(fetched)) of \(ByteCount.text(casualty.totalBytes)) after the restart"
            )
        }
    }
}

/// What is remembered while a release rolls out.
private actor RolloutWatch {
    private(set) var mostOnTheirWay = 0
    private(set) var casualty: Cast.Casualty?

    func look(_ count: Int) { mostOnTheirWay = max(mostOnTheirWay, count) }

    func fell(_ casualty: Cast.Casualty) { self.casualty = casualty }
}

extension MachineView {
    /// Whether it ever fetched `version`.
    func hasBegun(_ version: Version) -> Bool {
        history.contains { $0.kind == .downloading && $0.version == version.text }
    }

    /// Between the start of the download and the end of the first boot's judgement.
    func isOnItsWay(to version: Version) -> Bool {
        hasBegun(version)
            && !history.contains { ($0.kind == .healthy || $0.kind == .fellBack) && $0.version == version.text }
    }
}
