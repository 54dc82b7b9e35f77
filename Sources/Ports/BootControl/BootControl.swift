public import SlotDevice
public import UpdateModel

/// What the boot loader thinks of a slot.
public struct SlotBootStatus: Hashable, Sendable, Codable {
    /// 0 never boots; the highest is tried first.
    public var priority: Int
    /// Boots that may still be tried before the slot counts as failed.
    public var triesLeft: Int
    /// A boot of what the slot holds has passed the health gate.
    public var isSuccessful: Bool

    public init(priority: Int, triesLeft: Int, isSuccessful: Bool) {
        self.priority = priority
        self.triesLeft = triesLeft
        self.isSuccessful = isSuccessful
    }

    /// Whether the boot loader may choose the slot.
    public var isBootable: Bool { priority > 0 && (triesLeft > 0 || isSuccessful) }
}

/// Decides which slot boots next, whatever the boot loader. Every change is one durable step: after a power cut the
/// loader sees either all of it or none.
///
/// `BootControlContract` in FleetTestKit checks every implementation.
public protocol BootControl: Sendable {
    /// The slot that is running now.
    var booted: Slot { get }

    func status(of slot: Slot) throws(BootControlError) -> SlotBootStatus

    /// The slot that the loader would choose now; `nil` when none is bootable.
    func next() throws(BootControlError) -> Slot?

    /// Makes `slot` unbootable, before its first byte is overwritten.
    /// - Throws: ``BootControlError/isRunning(_:)`` for the booted slot.
    func invalidate(_ slot: Slot) throws(BootControlError)

    /// Puts `slot` first, to be tried `tries` times (1–15) and not yet counted as good; the other slot stays the fall-back.
    /// - Throws: ``BootControlError/nothingToBoot(_:)`` where the loader needs a file of the slot's, and there is none.
    func activate(_ slot: Slot, tries: Int) throws(BootControlError)

    /// Marks `slot` good and first: its boot passed the health gate.
    func confirm(_ slot: Slot) throws(BootControlError)

    /// Marks `slot` bad: it never boots again until it is activated anew.
    /// - Throws: ``BootControlError/nothingToFallBackTo(_:)`` when the other slot is not bootable.
    func reject(_ slot: Slot) throws(BootControlError)

    /// Uses up the tries of `slot`, which is about to be booted past the loader (kexec): unless that boot is confirmed,
    /// the loader takes the other slot.
    /// - Throws: ``BootControlError/nothingToFallBackTo(_:)`` when the other slot is not bootable.
    func spendTries(of slot: Slot) throws(BootControlError)
}

/// The boot loader's state could not be read or changed.
public enum BootControlError: Error, Hashable {
    case device(DeviceError)
    /// The state is there and makes no sense; `reason` completes “because …”.
    case unreadable(reason: String)
    case isRunning(Slot)
    case nothingToFallBackTo(Slot)
    /// The loader has no file from which it could start the slot.
    case nothingToBoot(Slot)
}

extension BootControlError: UserFacingError {
    public var userMessage: UserMessage {
        switch self {
        case .device(let error):
            error.userMessage
        case .unreadable(let reason):
            UserMessage(
                "The boot slots cannot be read: \(reason).", hint: "Check the disk's partition table and boot files.",
                exit: .badData)
        case .isRunning(let slot):
            UserMessage("Slot \(slot) is running and is never written.", exit: .software)
        case .nothingToFallBackTo(let slot):
            UserMessage(
                "Slot \(slot) holds nothing good to go back to.", hint: "See: martlet slots", exit: .notPermitted)
        case .nothingToBoot(let slot):
            UserMessage("Slot \(slot) has no image to boot from.", hint: "Install an update.", exit: .badData)
        }
    }
}
