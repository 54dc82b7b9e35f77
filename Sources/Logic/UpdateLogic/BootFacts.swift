public import BootControl
public import UpdateModel

/// What is known of the present boot, apart from what the engine remembers.
public struct BootFacts: Hashable, Sendable {
    /// Different for each boot.
    public var bootID: String
    public var booted: Slot
    public var runningVersion: Version
    public var status: [Slot: SlotBootStatus]
    /// The slot that the boot loader would choose now.
    public var next: Slot?

    public init(bootID: String, booted: Slot, runningVersion: Version, status: [Slot: SlotBootStatus], next: Slot?) {
        self.bootID = bootID
        self.booted = booted
        self.runningVersion = runningVersion
        self.status = status
        self.next = next
    }

    /// Whether a boot of what `slot` holds has passed the health gate.
    public func isProven(_ slot: Slot) -> Bool { status[slot]?.isSuccessful == true }

    public func isBootable(_ slot: Slot) -> Bool { status[slot]?.isBootable == true }

    /// Whether the loader has used up the tries of `slot` without the boot being confirmed.
    public func wasTriedInVain(_ slot: Slot) -> Bool {
        guard let status = status[slot] else { return false }
        return status.priority > 0 && status.triesLeft == 0 && !status.isSuccessful
    }
}
