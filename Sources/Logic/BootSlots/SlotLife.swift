/// Where a slot stands between two images.
///
/// ```text
///            invalidate        last byte verified       activate           health gate passed
/// empty ──────────────▶ writing ───────────────▶ written ─────────▶ trying ───────────────▶ good
///   ▲                      ▲                        │                 │                      │
///   │                      └── a new image ─────────┴─────────────────┼──────────────────────┘
///   │                      ▲                                          │ tries used up, or rejected
///   │                      └──────────────────────────────────────── bad
///   └ as made with the disk
/// ```
package enum SlotLife: String, Hashable, Sendable, Codable, CaseIterable {
    /// Nothing that boots, and nobody is writing.
    case empty
    /// Being overwritten: unbootable, and its content is worth nothing.
    case writing
    /// Complete and verified, not yet offered to the boot loader.
    case written
    /// Offered to the boot loader, or running, and not yet proven.
    case trying
    /// A boot of it passed the health gate.
    case good
    /// It used up its tries or was rejected: it is not booted again.
    case bad
}

/// What the engine has noted durably about its own work on a slot.
package enum SlotRecord: String, Hashable, Sendable, Codable, CaseIterable {
    case none
    case writing
    case written
    case activated
    case rejected
}

/// The durable facts from which a slot's life is derived, after any power cut.
package struct SlotFacts: Hashable, Sendable {
    /// What the boot loader sees.
    package var priority: Int
    package var triesLeft: Int
    package var isSuccessful: Bool
    package var isRunning: Bool
    package var record: SlotRecord

    package init(priority: Int, triesLeft: Int, isSuccessful: Bool, isRunning: Bool, record: SlotRecord) {
        self.priority = priority
        self.triesLeft = triesLeft
        self.isSuccessful = isSuccessful
        self.isRunning = isRunning
        self.record = record
    }

    /// The slot's life. Where record and boot loader disagree, the loader's view is the newer one: the record of an act
    /// is written before the act begins or after it is complete, never in between.
    package var life: SlotLife {
        if priority > 0, isSuccessful { return .good }
        if priority > 0, triesLeft > 0 { return .trying }
        switch record {
        case .rejected: return .bad
        case .none where isRunning, .activated where isRunning: return .trying
        case .activated: return .bad
        case .none: return priority > 0 ? .bad : .empty
        case .writing: return .writing
        case .written: return isRunning ? .trying : (priority > 0 ? .bad : .written)
        }
    }
}
