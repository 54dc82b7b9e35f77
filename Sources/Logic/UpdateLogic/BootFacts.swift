public import BootControl
public import UpdateModel

/// What is known of the present boot before the engine does anything.
public struct BootFacts: Hashable, Sendable {
    public var bootID: String
    public var booted: Slot
    public var runningVersion: Version
    public var status: [Slot: SlotBootStatus]

    public init(bootID: String, booted: Slot, runningVersion: Version, status: [Slot: SlotBootStatus]) {
        self.bootID = bootID
        self.booted = booted
        self.runningVersion = runningVersion
        self.status = status
    }

    /// Whether the loader has used up the tries of `slot` without the boot being confirmed.
    public func wasTriedInVain(_ slot: Slot) -> Bool {
        guard let status = status[slot] else { return false }
        return status.priority > 0 && status.triesLeft == 0 && !status.isSuccessful
    }
}
