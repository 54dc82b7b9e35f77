internal import UpdateModel

/// How far a long step is: a bar that redraws itself on a terminal; otherwise a plain line now and then, and none for
/// work that is done before anyone would ask.
struct ProgressLine {
    private enum Style { case none, bar, lines }

    private let title: String
    private let total: UInt64
    private let style: Style
    private var shownSteps: UInt64?
    private var spokeAt = ContinuousClock.now

    /// - Parameters:
    ///   - title: What is being done, such as “Applying”.
    ///   - total: In bytes.
    init(_ title: String, total: UInt64, isQuiet: Bool, isTerminal: Bool = Terminal.errorIsTerminal) {
        self.title = title
        self.total = total
        self.style = isQuiet ? .none : isTerminal ? .bar : .lines
    }

    /// Tells how many bytes are done; draws only when that shows.
    mutating func update(_ done: UInt64) {
        guard style != .none, let text = text(for: done) else { return }
        Terminal.writeError(text)
    }

    /// Ends the bar's line where the work stopped early, so that an error stands on a line of its own.
    mutating func end() {
        guard style == .bar, let shownSteps, shownSteps < 100 else { return }
        Terminal.writeError("\n")
        self.shownSteps = nil
    }

    /// What to draw for `done` bytes; `nil` when nothing changed.
    mutating func text(for done: UInt64) -> String? {
        let steps: UInt64 = style == .bar ? 100 : 10
        let reached = total == 0 ? steps : UInt64(Double(min(done, total)) / Double(total) * Double(steps))
        guard reached != shownSteps else { return nil }
        if style == .lines {
            guard ContinuousClock.now - spokeAt >= Self.silence else { return nil }
            spokeAt = .now
        }
        shownSteps = reached
        let percent = reached * (100 / steps)
        guard style == .bar else { return "\(title): \(percent) % of \(ByteCount.text(total))\n" }
        let filled = Int(percent) * Self.width / 100
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: Self.width - filled)
        let end = reached == steps ? "\n" : ""
        return "\r\u{1B}[K\(title) \(bar) \(percent) % of \(ByteCount.text(total))\(end)"
    }

    private static let width = 30
    /// At least this long between two plain lines, and before the first.
    private static let silence = Duration.seconds(5)
}
