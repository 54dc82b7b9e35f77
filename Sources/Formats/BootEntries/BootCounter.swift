/// How often systemd-boot may still try an entry, and how often it has: the `+LEFT-DONE` in a file's name.
///
/// Source: UAPI.1 Boot Loader Specification, “Boot counting”.
package struct BootCounter: Hashable, Sendable {
    /// Greater numbers are no counter to the loader.
    package static let valueMax = Int(Int32.max)

    package let left: Int
    package let done: Int

    /// - Parameters: both from 0 to ``valueMax``.
    package init(left: Int, done: Int) {
        precondition(
            (0...Self.valueMax).contains(left) && (0...Self.valueMax).contains(done), "a counter has 31 bits")
        self.left = left
        self.done = done
    }

    /// No try is left: the loader puts the entry behind all others.
    package var isSpent: Bool { left == 0 }

    /// What the loader makes of it when it boots the entry.
    package var afterBoot: BootCounter {
        BootCounter(left: max(0, left - 1), done: min(done + 1, Self.valueMax))
    }

    /// As it stands before the name's `.efi`.
    package var text: String { "+\(left)-\(done)" }

    /// Reads `LEFT` or `LEFT-DONE`, what follows the plus sign; `nil` for anything else.
    init?(digits text: Substring) {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let left = Self.number(first),
            let done = parts.count == 2 ? Self.number(parts[1]) : 0
        else { return nil }
        self.init(left: left, done: done)
    }

    /// Decimal digits and nothing else; leading zeros are allowed.
    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let significant = text.utf8.drop { $0 == 0x30 }
        guard significant.count <= 10 else { return nil }
        let value = significant.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return value <= valueMax ? value : nil
    }
}

/// What systemd-boot knows of an entry from its name.
package enum BootEntryState: Hashable, Sendable {
    /// It counts no tries: a boot of it has been confirmed.
    case good
    /// It may be tried `left` times, at least once.
    case counted(left: Int)
    /// It has used up its tries, and boots only when nothing better is there.
    case bad

    init(_ counter: BootCounter?) {
        guard let counter else {
            self = .good
            return
        }
        self = counter.isSpent ? .bad : .counted(left: counter.left)
    }
}
