import EngineControl
import UpdateModel

/// One line about a machine: its name, its two slots, and what it is doing.
///
/// ```text
/// falcon   ▸a 1.0.0   b ━━━━━━━━━━╸─────────  52 %  fetching 2.0.0
/// heron     a 1.0.0  ▸b 2.0.0                       good
/// ```
package struct MachineRow: Sendable {
    package let palette: Palette
    /// Of the terminal; a line is never longer.
    package let columns: Int

    package init(palette: Palette, columns: Int) {
        self.palette = palette
        self.columns = columns
    }

    private static let nameWidth = 11
    private static let slotWidth = 10
    private static let barWidth = 22

    package func text(_ view: MachineView) -> String {
        let name = palette.bold(view.card.alias.padded(to: Self.nameWidth))
        let slots = Slot.allCases.map { slotText($0, view) }.joined()
        let used = 2 + Self.nameWidth + Self.slotWidth * 2
        let bar = progress(view)
        let room = max(0, columns - used - 1 - (bar == nil ? 0 : Self.barWidth + 8))
        return "  \(name)\(slots)\(bar ?? "")\(activity(view, room: room))"
    }

    private func slotText(_ slot: Slot, _ view: MachineView) -> String {
        let status = view.slotStatus(slot)
        let isBooted = view.power == .up && view.slot == slot
        let isEmpty = status?.version == nil || status?.life == "empty"
        let version = status?.life == "writing" ? "…" : status?.version ?? (view.slot == slot ? "" : "–")
        let cell = "\(isBooted ? "▸" : " ")\(slot) \(version)".padded(to: Self.slotWidth)
        if status?.life == "bad" { return palette.bad(cell) }
        if isBooted { return status.map { $0.isSuccessful ? palette.good(cell) : palette.warning(cell) } ?? cell }
        return isEmpty || !isBooted ? palette.faint(cell) : cell
    }

    private func progress(_ view: MachineView) -> String? {
        guard let status = view.status, status.state == .downloading || status.state == .verifying,
            let progress = status.progress, progress.totalBytes > 0
        else { return nil }
        let fraction = Double(progress.receivedBytes) / Double(progress.totalBytes)
        let parts = ProgressBar(width: Self.barWidth).parts(fraction)
        let percent = "\(Int(min(max(fraction, 0), 1) * 100)) %"
        let number = String(repeating: " ", count: max(0, 6 - percent.count)) + percent
        return palette.busy(parts.filled) + palette.faint(parts.empty) + number + "  "
    }

    private func activity(_ view: MachineView, room: Int) -> String {
        func cut(_ text: String) -> String { text.truncated(to: room) }
        if let fault = view.fault { return palette.bad(cut(fault)) }
        switch view.power {
        case .off: return palette.faint(cut("off"))
        case .booting: return palette.warning(cut("booting"))
        case .hung: return palette.bad(cut("hangs; the watchdog will reset it"))
        case .atPrompt: return palette.bad(cut("stopped at the boot loader’s prompt"))
        case .up: break
        }
        guard let status = view.status else { return palette.warning(cut("starting")) }
        return activity(status, cut)
    }

    private func activity(_ status: EngineStatus, _ cut: (String) -> String) -> String {
        switch status.state {
        case .assessing: return palette.warning(cut("is this boot good?"))
        case .downloading: return palette.busy(cut("fetching \(status.newVersion ?? "")"))
        case .verifying: return palette.busy(cut("verifying \(status.newVersion ?? "")"))
        case .needsReboot: return palette.warning(cut("\(status.newVersion ?? "") verified, reboots"))
        case .rebooting: return palette.warning(cut("reboots"))
        case .idle, .checking:
            if let held = status.held.last {
                return palette.warning(cut("refused \(held.version): \(held.reason.onOneLine)"))
            }
            return palette.faint(cut(status.serverHold ?? "good"))
        }
    }
}
