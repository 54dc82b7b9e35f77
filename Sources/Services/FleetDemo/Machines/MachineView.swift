package import EngineControl
package import UpdateModel

/// What is seen of a machine from outside, at one moment.
package struct MachineView: Sendable {
    package enum Power: Hashable, Sendable {
        case off
        /// The firmware and the kernel are at work.
        case booting
        /// The daemon was started; it may not answer yet.
        case up
        /// The kernel found nothing that it could run.
        case hung
        /// The firmware found no slot that may boot.
        case atPrompt
    }

    package let card: MachineCard
    package var power = Power.off
    package var slot: Slot?
    /// What the daemon last said of itself in this boot.
    package var status: EngineStatus?
    /// What the daemon before that said last.
    package var lastStatus: EngineStatus?
    package var boots = 0
    /// Daemons started, of which each boot has one unless it was killed.
    package var starts = 0
    /// Bytes that each earlier daemon of this machine fetched.
    package var sessions: [UInt64] = []
    package var history: [HistoryEntry] = []
    /// What stopped this machine for good: a mistake of the demo, not of the update.
    package var fault: String?

    package init(card: MachineCard) { self.card = card }

    package var version: String? { status?.version }
    package var downloadedBytes: UInt64 { sessions.reduce(0, +) + (status?.downloadedBytes ?? 0) }

    /// What is known of a slot, be it from before the last reboot.
    package func slotStatus(_ slot: Slot) -> EngineStatus.SlotStatus? {
        (status ?? lastStatus)?.slots.first { $0.slot == slot }
    }

    /// Up, judged good, and doing nothing.
    package func isSettled(on version: Version) -> Bool {
        guard let status, power == .up, status.version == version.text,
            status.state == .idle || status.state == .checking
        else { return false }
        return slotStatus(status.slot)?.isSuccessful == true
    }

    package func hasHeld(_ version: Version) -> Bool { status?.held.contains { $0.version == version.text } ?? false }
}

/// Something that happened to a machine.
package struct HistoryEntry: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable {
        /// The firmware took a slot and the system came up.
        case booted
        /// The system of the slot could not run; the watchdog reset the machine.
        case hung
        /// The daemon began to fetch a release.
        case downloading
        /// A release lies verified on the other slot.
        case staged
        /// The health gate let the boot pass.
        case healthy
        /// The health gate refused the boot; back on the slot from before.
        case fellBack
        /// The daemon was killed.
        case killed
        /// The daemon was started again without a reboot.
        case restarted
    }

    /// Seconds since the demo began.
    package var seconds: Double
    package var kind: Kind
    package var slot: Slot?
    package var version: String?
    /// In words.
    package var text: String
}
