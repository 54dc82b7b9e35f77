public import UpdateModel

/// What a server offers, as far as deciding needs it.
public struct UpdateOffer: Hashable, Sendable {
    public var version: Version
    public var payloadDigest: SHA256Digest
    public var payloadSizeBytes: UInt64

    public init(version: Version, payloadDigest: SHA256Digest, payloadSizeBytes: UInt64) {
        self.version = version
        self.payloadDigest = payloadDigest
        self.payloadSizeBytes = payloadSizeBytes
    }
}

/// What the engine makes of an offer.
public enum OfferVerdict: Hashable, Sendable {
    /// Write it to this slot.
    case install(into: Slot)
    /// It runs already, or waits for its boot already.
    case nothingToDo
    case refused(OfferRefusal)
}

/// Why an offer is not taken. Each is a sentence that a person can be told.
public enum OfferRefusal: Error, Hashable, Sendable {
    case downgrade(offered: Version, running: Version)
    case held(HeldRelease)
    /// The running boot has not been proven, so the other slot is the only way back (architecture invariant 4).
    case bootUnproven(Slot)
}

extension OfferRefusal: UserFacingError {
    public var userMessage: UserMessage {
        switch self {
        case .downgrade(let offered, let running):
            UserMessage(
                "The server offers \(offered), which is older than the running \(running).",
                hint: "Use “martlet update --force” to take it all the same.", exit: .notPermitted)
        case .held(let held):
            UserMessage(
                "\(held.version) is held: \(held.reason)", hint: "Use “martlet update --force” to try it again.",
                exit: .notPermitted)
        case .bootUnproven(let slot):
            UserMessage(
                "The boot of slot \(slot) is not proven good yet, so nothing is written.", hint: "Try again later.",
                exit: .tryLater)
        }
    }
}

extension EngineRecord {
    /// Decides about an offer; `isForced` is a person's word, which overrules holds and order but never safety.
    public func judge(_ offer: UpdateOffer, boot: BootFacts, isForced: Bool) -> OfferVerdict {
        guard boot.isProven(boot.booted) else { return .refused(.bootUnproven(boot.booted)) }
        if let staged, staged.isRollback || staged.payloadDigest == offer.payloadDigest { return .nothingToDo }
        if !isForced, isRunning(offer, boot) { return .nothingToDo }
        if !isForced {
            if boot.runningVersion.isNewer(than: offer.version) == true {
                return .refused(.downgrade(offered: offer.version, running: boot.runningVersion))
            }
            if let hold = hold(version: offer.version, payloadDigest: offer.payloadDigest) {
                return .refused(.held(hold))
            }
        }
        return .install(into: boot.booted.other)
    }

    /// By version, or by payload, where the image calls itself something else than the server does.
    private func isRunning(_ offer: UpdateOffer, _ boot: BootFacts) -> Bool {
        offer.version == boot.runningVersion || slots[boot.booted]?.payloadDigest == offer.payloadDigest
    }

    /// The hold on what a payload makes of a slot, known once its manifest has been read.
    public func hold(contentDigest: SHA256Digest) -> HeldRelease? {
        held.first { $0.contentDigest == contentDigest }
    }

    private func hold(version: Version, payloadDigest: SHA256Digest) -> HeldRelease? {
        held.first { hold in
            switch hold.cause {
            case .failedHere: hold.payloadDigest == payloadDigest
            case .rolledBack: hold.version == version || hold.version.isNewer(than: version) == true
            }
        }
    }
}
