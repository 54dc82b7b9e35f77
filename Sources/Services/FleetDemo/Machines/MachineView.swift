import EngineControl
import UpdateModel

/// What is seen of a machine from outside, at one moment.
struct MachineView: Sendable {
    enum Power: Hashable, Sendable {
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

    let card: MachineCard
    var power = Power.off
    var slot: Slot?
    /// What the daemon last said of itself in this boot.
    var status: EngineStatus?
    var boots = 0
    /// Daemons started, of which each boot has one unless it was killed.
    var starts = 0
    /// Bytes that earlier daemons of this machine fetched.
    var bytesBefore: UInt64 = 0
    var history: [HistoryEntry] = []
    /// What stopped this machine for good: a mistake of the demo, not of the update.
    var fault: String?

    var version: String? { status?.version }
    var downloadedBytes: UInt64 { bytesBefore + (status?.downloadedBytes ?? 0) }

    func slotStatus(_ slot: Slot) -> EngineStatus.SlotStatus? { status?.slots.first { $0.slot == slot } }

    /// Up, judged good, and doing nothing.
    func isSettled(on version: Version) -> Bool {
        guard let status, power == .up, status.version == version.text, status.state == .idle || status.state == .checking
        else { return false }
        return slotStatus(status.slot)?.isSuccessful == true
    }

    func hasHeld(_ version: Version) -> Bool { status?.held.contains { $0.version == version.text } ?? false }
}

/// Something that happened to a machine.
struct HistoryEntry: Hashable, Sendable, Codable {
    enum Kind: String, Hashable, Sendable, Codable {
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
        /// The health gate refused the boot.
        case refused
        /// Back on the slot from before.
        case fellBack
        /// The daemon was killed.
        case killed
        /// The daemon was started again without a reboot.
        case restarted
    }

    /// Seconds since the demo began.
    var seconds: Double
    var kind: Kind
    var slot: Slot?
    var version: String?
    /// In words.
    var text: String
}
