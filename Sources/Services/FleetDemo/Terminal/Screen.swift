import EngineControl
import UpdateModel

/// What a person sees of the demo: finished steps above, and on a terminal, redrawn in place, the present step and the
/// fleet below. Elsewhere a few plain lines.
actor Screen {
    private let device: TerminalDevice
    nonisolated let palette: Palette
    private let isQuiet: Bool
    private var current: (name: String, began: ContinuousClock.Instant)?
    private var rows: [MachineView] = []
    private var drawnLines = 0
    private var frame = 0
    private var told: [String: Int] = [:]
    /// Of a log: wide enough for most steps.
    private static let plainColumns = 120
    private static let spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

    init(device: TerminalDevice, isQuiet: Bool) {
        self.device = device
        self.palette = Palette(isOn: device.hasColour)
        self.isQuiet = isQuiet
    }

    func begin(_ name: String) {
        current = (name, .now)
        redraw()
    }

    /// The present step has ended. What was found stands behind the name, or below it where there is no room.
    func finish(_ name: String, detail: String?, seconds: Double, passed: Bool) {
        current = nil
        let mark = passed ? palette.good("✓") : palette.bad("✗")
        let columns = device.isTerminal ? device.size.columns : Self.plainColumns
        let time = Self.tenths(seconds) + " s"
        let width = max(20, columns - 4 - time.count)
        let head = name.truncated(to: width)
        let detail = detail?.onOneLine ?? ""
        let fits = !detail.isEmpty && head.count + 2 + detail.count <= width
        let tail = fits ? "  \(detail)" : ""
        let space = String(repeating: " ", count: max(1, width - head.count - tail.count))
        say(" \(mark) \(palette.bold(head))\(palette.faint(tail))\(space)\(palette.faint(time))")
        guard !fits, !detail.isEmpty else { return }
        say("   \(palette.faint(device.isTerminal ? detail.truncated(to: max(10, columns - 4)) : detail))")
    }

    /// A line that stays.
    func say(_ line: String) {
        guard !isQuiet else { return }
        device.write(erased() + line + "\n")
        redraw()
    }

    /// A line that stays even when the demo is quiet: what was asked for.
    func result(_ line: String) {
        device.write(erased() + line + "\n")
    }

    /// The fleet as it is now: drawn on a terminal at the next tick, its news told elsewhere.
    func show(_ views: [MachineView]) {
        rows = views
        if !device.isTerminal { tellNews() }
    }

    /// Keeps the picture alive until the task is cancelled.
    func animate() async {
        guard device.isTerminal else { return }
        while !Task.isCancelled {
            frame += 1
            redraw()
            try? await Task.sleep(for: .milliseconds(100))  // Throws only when cancelled; the loop sees that.
        }
    }

    /// Leaves the terminal as it was found.
    func close() {
        rows = []
        current = nil
        guard device.isTerminal, !isQuiet else { return }
        device.write(erased() + "\u{1B}[?25h")
    }

    static func tenths(_ seconds: Double) -> String {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    // MARK: - Drawing

    private func redraw() {
        guard device.isTerminal, !isQuiet else { return }
        let lines = liveLines()
        guard !lines.isEmpty || drawnLines > 0 else { return }
        var text = "\u{1B}[?25l" + erased()
        text += lines.map { $0 + "\n" }.joined()
        drawnLines = lines.count
        device.write(text)
    }

    /// What removes the live part from the terminal.
    private func erased() -> String {
        guard drawnLines > 0 else { return "" }
        defer { drawnLines = 0 }
        return "\u{1B}[\(drawnLines)F\u{1B}[J"
    }

    private func liveLines() -> [String] {
        let (columns, height) = device.size
        var lines: [String] = []
        if let current {
            let mark = palette.busy(Self.spinner[frame % Self.spinner.count])
            let time = Self.tenths((ContinuousClock.now - current.began).inSeconds)
            let name = current.name.truncated(to: max(10, columns - 14))
            lines.append(" \(mark) \(palette.bold(name))  \(palette.faint("\(time) s"))")
        }
        let row = MachineRow(palette: palette, columns: columns)
        let room = max(1, height - lines.count - 3)
        lines += Self.mostInteresting(rows, room).map(row.text)
        if rows.count > room { lines.append(palette.faint("  … and \(rows.count - room) more")) }
        return lines
    }

    /// All of them in their order; where there is no room, those that are doing something.
    private static func mostInteresting(_ rows: [MachineView], _ room: Int) -> [MachineView] {
        guard rows.count > room else { return rows }
        let busy = rows.filter { $0.power != .up || ($0.status?.state != .idle && $0.status?.state != .checking) }
        let rest = rows.filter { row in !busy.contains { $0.card == row.card } }
        return Array((busy + rest).prefix(room))
    }

    /// Where nothing can be redrawn: the turning points of each machine, a line each.
    private func tellNews() {
        let turningPoints: Set<HistoryEntry.Kind> = [
            .staged, .healthy, .fellBack, .killed, .restarted, .hung,
        ]
        for view in rows {
            let known = told[view.card.alias] ?? 0
            for entry in view.history.dropFirst(known) where turningPoints.contains(entry.kind) {
                say("     \(view.card.alias.padded(to: 11))\(entry.text)")
            }
            told[view.card.alias] = view.history.count
        }
    }
}
