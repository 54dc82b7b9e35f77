import Synchronization
import UpdateModel

/// How far a transfer is: a line that changes on a terminal, a line for each quarter elsewhere, nothing when quiet.
final class Progress: Sendable {
    private let total: UInt64
    private let isQuiet: Bool
    /// What was done with the bytes.
    private let verb: String
    private let shown = Mutex<UInt64?>(nil)

    init(total: UInt64, isQuiet: Bool, verb: String = "sent") {
        self.total = total
        self.verb = verb
        self.isQuiet = isQuiet
    }

    func advance(to count: UInt64) {
        guard !isQuiet, total > 0 else { return }
        let percent = min(count, total).multipliedFullWidth(by: 100)
        let whole = total.dividingFullWidth(percent).quotient
        let step = Terminal.showsErrors ? whole : whole / 25 * 25
        let isNew = shown.withLock { last in
            defer { last = step }
            return last != step
        }
        guard isNew else { return }
        let text = "\(verb) \(step) % of \(ByteCount.text(total))"
        Terminal.note(Terminal.showsErrors ? "\r\(text)" : "\(text)\n")
    }

    /// Says something between two lines.
    func note(_ text: String) {
        guard !isQuiet else { return }
        finish()
        Terminal.note(text + "\n")
    }

    /// Ends the line on a terminal.
    func finish() {
        if !isQuiet, Terminal.showsErrors, shown.withLock({ $0 }) != nil { Terminal.note("\n") }
    }
}
