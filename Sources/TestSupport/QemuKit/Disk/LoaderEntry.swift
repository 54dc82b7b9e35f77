package import UpdateModel

/// The name of a file in `/EFI/Linux`, read as the boot loader reads it: what is counted, good or bad.
///
/// ```text
/// martlet-4-a.efi        good
/// martlet-5-b+2-1.efi    two tries left, one done
/// martlet-5-b+0-3.efi    bad
/// martlet-b.new          being written; the loader does not see it
/// ```
/// A reader of its own, so that the engine is not judged by its own code.
///
/// Source: UAPI.1, Boot Loader Specification, “Boot counting”.
package struct LoaderEntry: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case good
        case counted(left: Int, done: Int)
        case bad(done: Int)
    }

    package let name: String
    /// What was activated last has the highest.
    package let serial: Int
    package let slot: Slot
    package let state: State

    /// `nil` for a name that is none of ours.
    package init?(name: String) {
        let lower = name.lowercased()
        guard lower.hasPrefix("martlet-"), lower.hasSuffix(".efi") else { return nil }
        let stem = lower.dropFirst("martlet-".count).dropLast(".efi".count)
        let parts = stem.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let words = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard words.count == 2, let serial = Self.number(words[0]), let slot = Slot(rawValue: String(words[1])),
            let state = parts.count == 2 ? Self.state(parts[1]) : .good
        else { return nil }
        self.name = name
        self.serial = serial
        self.slot = slot
        self.state = state
    }

    private static func state(_ counter: Substring) -> State? {
        let numbers = counter.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(numbers.count), let left = number(numbers[0]) else { return nil }
        guard let done = numbers.count == 2 ? number(numbers[1]) : 0 else { return nil }
        return left == 0 ? .bad(done: done) : .counted(left: left, done: done)
    }

    private static func number(_ digits: Substring) -> Int? {
        guard !digits.isEmpty, digits.count <= 9, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(digits)
    }
}

/// What the boot partition says.
package struct LoaderEntries: Hashable, Sendable {
    package let names: [String]
    package let entries: [LoaderEntry]

    package init(names: [String]) {
        self.names = names.sorted()
        self.entries = self.names.compactMap(LoaderEntry.init(name:))
    }

    /// Reads what `mdir -b` prints: a path a line, such as `::/EFI/Linux/martlet-1-a.efi`.
    package init(listing: String) {
        self.init(
            names: listing.split(whereSeparator: \.isNewline).compactMap { line in
                guard line.hasPrefix("::"), !line.hasSuffix("/") else { return nil }
                return line.split(separator: "/").last.map(String.init)
            })
    }

    /// The entries of a slot; more than one only in the middle of a change.
    package func entries(of slot: Slot) -> [LoaderEntry] { entries.filter { $0.slot == slot } }

    package func state(of slot: Slot) -> LoaderEntry.State? { entries(of: slot).last?.state }

    /// What the loader takes: the highest serial that is not bad, else the highest that is.
    package var next: LoaderEntry? {
        entries.max { ($0.state.isBad ? 0 : 1, $0.serial) < ($1.state.isBad ? 0 : 1, $1.serial) }
    }
}

extension LoaderEntry.State {
    package var isBad: Bool { if case .bad = self { true } else { false } }
}
