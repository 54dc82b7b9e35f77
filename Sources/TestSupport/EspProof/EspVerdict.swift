package import UpdateModel

/// What came of all the cuts of one record.
package struct EspVerdict: Sendable {
    /// An image that was cut, and what it must boot.
    package struct Sample: Hashable, Sendable {
        package let path: String
        package let boots: String
    }

    package struct Finding: Hashable, Sendable {
        package let flaw: EspFlaw
        /// The first state that showed it.
        package let place: String
    }

    package let seed: UInt64
    package private(set) var windows = 0
    package private(set) var writes = 0
    package private(set) var writesInWindowMax = 0
    /// Windows, or runs of them, in which a slot's root was written.
    package private(set) var slotWindows = 0
    package private(set) var slotsWritten: Set<Slot> = []
    /// States that were judged.
    package private(set) var states = 0
    /// Those whose tables and directories differed from all before, and were given to the programs of the system too.
    package var structures: Int { known.count }
    /// Those that were repaired and judged again.
    package var repairs = 0
    /// States in which two names shared their clusters.
    package private(set) var sharedClusters = 0
    /// States in which a bootable file was torn that the loader passes over for a better one.
    package private(set) var tornBehind = 0
    /// What the loader took, and in how many states.
    package private(set) var choices: [String: Int] = [:]
    /// What `fsck.fat` complained about, and how often.
    package private(set) var complaints: [String: Int] = [:]
    package private(set) var findings: [Finding] = []
    /// By what the loader takes from them, and whether they need repair.
    package var samples: [String: Sample] = [:]
    private var known: Set<SHA256Digest> = []

    init(seed: UInt64) { self.seed = seed }

    /// Windows count in which the partition was written; see also ``slotWindows``.
    mutating func count(_ window: WriteWindow) {
        if !window.slots.isEmpty { slotWindows += 1 }
        slotsWritten.formUnion(window.slots)
        guard !window.writes.isEmpty else { return }
        windows += 1
        writes += window.writes.count
        writesInWindowMax = max(writesInWindowMax, window.writes.count)
    }

    mutating func add(_ sight: EspSight, at place: String) {
        states += 1
        if let choice = sight.choice { choices[choice, default: 0] += 1 }
        if sight.hasSharedClusters { sharedClusters += 1 }
        if sight.torn.contains(where: { $0 != sight.choice }) { tornBehind += 1 }
        for flaw in sight.flaws { add(flaw, at: place) }
    }

    mutating func add(_ flaw: EspFlaw, at place: String) {
        if !findings.contains(where: { $0.flaw == flaw }) { findings.append(Finding(flaw: flaw, place: place)) }
    }

    /// Counted by their words, without names and numbers.
    mutating func add(complaints lines: [String]) {
        let kinds = lines.map { line in
            line.split(separator: " ").filter { !$0.contains { $0.isNumber || $0 == "/" } }.joined(separator: " ")
        }
        for kind in Set(kinds) where !kind.isEmpty { complaints[kind, default: 0] += 1 }
    }

    mutating func isNewStructure(_ digest: SHA256Digest) -> Bool { known.insert(digest).inserted }
}

extension EspVerdict: CustomStringConvertible {
    package var description: String {
        let lines = [
            "\(writes) writes in \(windows) windows between flushes, at most \(writesInWindowMax) in one; "
                + "slots' roots written in \(slotWindows)",
            "\(states) cut states; \(structures) structures checked by fsck.fat and mtools, \(repairs) repaired; "
                + "seed \(seed)",
            "shared clusters in \(sharedClusters) states, torn files behind a good one in \(tornBehind)",
            "the loader takes "
                + choices.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)×" }.joined(separator: ", "),
        ]
        let complained = complaints.sorted { $0.key < $1.key }.map { "fsck.fat \($0.value)×: \($0.key)" }
        let flaws = findings.map { "FLAW \($0.flaw) (\($0.place))" }
        return (lines + complained + flaws).joined(separator: "\n")
    }
}
