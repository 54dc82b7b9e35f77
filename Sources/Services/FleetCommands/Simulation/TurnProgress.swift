import Synchronization

/// How far a fake fleet is: a line that changes on a terminal, a line for each quarter elsewhere, nothing when quiet.
final class TurnProgress: Sendable {
    private let total: Int
    private let isQuiet: Bool
    private let done = Atomic(0)
    private let shown = Mutex(-1)

    init(total: Int, isQuiet: Bool) {
        self.total = total
        self.isQuiet = isQuiet
    }

    func advance() {
        let count = done.wrappingAdd(1, ordering: .relaxed).newValue
        guard !isQuiet, total > 0, count % 64 == 0 || count == total else { return }
        let percent = count * 100 / total
        let step = Terminal.showsErrors ? percent : percent / 25 * 25
        let isNew = shown.withLock { last in
            defer { last = max(last, step) }
            return step > last
        }
        guard isNew else { return }
        let text = "\(count) of \(total) turns"
        Terminal.note(Terminal.showsErrors ? "\r\(text)" : "\(text)\n")
    }

    /// Ends the line on a terminal.
    func finish() {
        if !isQuiet, Terminal.showsErrors, shown.withLock({ $0 }) >= 0 { Terminal.note("\n") }
    }
}
