package import EngineControl
import UpdateModel

/// A status as a person reads it.
package struct StatusText {
    private let status: EngineStatus

    package init(status: EngineStatus) { self.status = status }

    package var lines: [String] {
        var rows: [(String, String?)] = [
            ("state", stateText),
            ("version", status.version),
            ("slot", status.slot.rawValue),
            ("new version", status.newVersion),
            ("progress", progressText),
            ("server", status.server.isEmpty ? "none (updates are off)" : status.server),
            ("track", status.track),
            ("last check", status.lastCheckAt),
            ("next check", status.nextCheckAt),
            ("server says", status.serverHold),
            ("last error", status.lastError),
        ]
        rows += (status.unknownSettings ?? []).map { ("settings", "“\($0)” is not known and has no effect") }
        rows += status.held.map { ("held", "\($0.version): \($0.reason)") }
        if status.reportsPending > 0 { rows.append(("reports", "\(status.reportsPending) not yet acknowledged")) }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.compactMap { name, value in
            value.map { "\(name)\(String(repeating: " ", count: width - name.count))  \($0.withoutControls())" }
        }
    }

    package var progressText: String? {
        guard let progress = status.progress, progress.totalBytes > 0 else { return nil }
        let percent = Int(Double(progress.receivedBytes) / Double(progress.totalBytes) * 100)
        return "\(percent) % (\(ByteCount.text(progress.receivedBytes)) of \(ByteCount.text(progress.totalBytes)))"
    }

    private var stateText: String {
        switch status.state {
        case .assessing: "judging whether this boot is good"
        case .idle: "idle"
        case .checking: "asking the server"
        case .downloading: "downloading"
        case .verifying: "verifying"
        case .needsReboot: "waiting for a reboot"
        case .rebooting: "rebooting"
        }
    }

    /// One row for each slot, with a head.
    package var slotLines: [String] {
        let head = ["slot", "running", "next", "life", "version", "priority", "tries", "successful"]
        let rows = status.slots.map { slot in
            [
                slot.slot.rawValue, slot.isBooted ? "yes" : "", slot.isNext ? "yes" : "", slot.life,
                slot.version ?? "-", "\(slot.priority)", "\(slot.triesLeft)", slot.isSuccessful ? "yes" : "no",
            ]
        }
        let table = [head] + rows
        let widths = head.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        return table.map { row in
            let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
            return cells.joined(separator: "  ").trimmingTrailingSpaces()
        }
    }
}

extension String {
    /// What a server or a health check wrote must not steer a terminal.
    fileprivate func withoutControls() -> String {
        String(unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
    }

    fileprivate func trimmingTrailingSpaces() -> String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
