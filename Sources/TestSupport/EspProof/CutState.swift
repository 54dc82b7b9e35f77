package import FleetTestKit

/// What a power cut leaves of a window of writes that were not flushed.
package struct CutState: Hashable, Sendable {
    /// One write that reached the medium, or its first sectors.
    package struct Part: Hashable, Sendable {
        package let index: Int
        /// `nil`: all of it.
        package let count: Int?
    }

    package let parts: [Part]
    /// For a report, such as “all but write 3”.
    package let what: String

    /// How many states of one window are taken by chance, besides the regular ones.
    package struct Sampling: Hashable, Sendable {
        package var subsetsPerWindow: Int
        /// Of the states with one write dropped, or one torn; beyond it chance chooses.
        package var regularStatesMax: Int

        package init(subsetsPerWindow: Int = 4, regularStatesMax: Int = 64) {
            self.subsetsPerWindow = subsetsPerWindow
            self.regularStatesMax = regularStatesMax
        }
    }

    /// Of all the writes none has reached the medium.
    package static let nothing = CutState(parts: [], what: "no write")

    /// The window in order up to each write; all of it without each single write; each write torn in its middle; and
    /// some subsets by chance.
    package static func states(
        of window: [DiskWrite], _ sampling: Sampling, using random: inout SeededRandom
    ) -> [CutState] {
        let whole = window.indices.map { Part(index: $0, count: nil) }
        let prefixes = whole.indices.map { CutState(parts: Array(whole[...$0]), what: "up to write \($0 + 1)") }
        // Without the last write it is a prefix.
        let drops = whole.indices.dropLast().map { index in
            CutState(parts: whole.filter { $0.index != index }, what: "all but write \(index + 1)")
        }
        let tears = whole.indices.filter { window[$0].count >= 1024 }.map { index in
            let half = window[index].count / 1024 * 512
            return CutState(
                parts: whole[..<index] + [Part(index: index, count: half)], what: "write \(index + 1) torn")
        }
        let subsets = (0..<(window.count > 2 ? sampling.subsetsPerWindow : 0)).map { _ in
            let kept = whole.filter { _ in Bool.random(using: &random) }
            return CutState(parts: kept, what: "writes \(kept.map { $0.index + 1 })")
        }
        return prefixes + some(of: drops, sampling.regularStatesMax, &random)
            + some(of: tears, sampling.regularStatesMax, &random) + subsets
    }

    private static func some(of states: [CutState], _ count: Int, _ random: inout SeededRandom) -> [CutState] {
        guard states.count > count else { return states }
        return Array(states.shuffled(using: &random).prefix(count))
    }
}
