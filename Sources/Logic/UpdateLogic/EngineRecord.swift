public import UpdateModel

/// What the engine must remember over restarts, reboots and fall-backs; saved before anything is done because of it.
///
/// Written by this version and read by the previous one after a fall-back. So a new thing gets a field of its own at
/// this level, where unknown fields survive; no field is repurposed or removed; and each has a default, so that a
/// record without it reads.
public struct EngineRecord: Hashable, Sendable, Codable {
    /// The first version that this installation ever ran.
    public var alephVersion: Version?
    /// The version whose boot was found good last.
    public var confirmedVersion: Version?
    /// The update that is on its way onto the passive slot.
    public var installation: Installation?
    /// The update that waits for its boot, or whose boot is being judged.
    public var staged: StagedUpdate?
    /// What must not be installed again by itself.
    public var held: [HeldRelease] = []
    /// What each slot holds, as far as the engine wrote it or booted it.
    public var slots: [Slot: SlotContent] = [:]
    /// Events that the server has not acknowledged yet, oldest first.
    public var reports: [EngineReport] = []
    /// How many reports were ever made: the last one's number.
    public var reportCount: UInt64 = 0
    /// The version that ran before the present one, until the server has heard of the change.
    public var completedFrom: String?
    /// Whether a server has ever answered a check.
    public var hasCheckedIn = false
    /// Update checks that failed in a row.
    public var failuresInRow = 0
    /// How often the download of one payload has failed, and until when it waits.
    public var backOff: DownloadBackOff?
    /// The last act of the server that this machine has taken up or refused: it is told until the server has heard.
    public var lastActID: String?
    /// The act whose outcome the server has not been told.
    public var openActID: String?

    public init() {}

    /// The names of the fields as they are stored; others belong to another version and are kept as they are.
    public static var fieldNames: Set<String> { Set(CodingKeys.allCases.map(\.rawValue)) }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case alephVersion, confirmedVersion, installation, staged, held, slots, reports, reportCount, completedFrom
        case hasCheckedIn, failuresInRow, backOff, lastActID, openActID
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        alephVersion = try values.decodeIfPresent(Version.self, forKey: .alephVersion)
        confirmedVersion = try values.decodeIfPresent(Version.self, forKey: .confirmedVersion)
        installation = try values.decodeIfPresent(Installation.self, forKey: .installation)
        staged = try values.decodeIfPresent(StagedUpdate.self, forKey: .staged)
        held = try values.decodeIfPresent([HeldRelease].self, forKey: .held) ?? []
        for (name, content) in try values.decodeIfPresent([String: SlotContent].self, forKey: .slots) ?? [:] {
            if let slot = Slot(rawValue: name) { slots[slot] = content }
        }
        reports = try values.decodeIfPresent([EngineReport].self, forKey: .reports) ?? []
        reportCount = try values.decodeIfPresent(UInt64.self, forKey: .reportCount) ?? 0
        completedFrom = try values.decodeIfPresent(String.self, forKey: .completedFrom)
        hasCheckedIn = try values.decodeIfPresent(Bool.self, forKey: .hasCheckedIn) ?? false
        failuresInRow = try values.decodeIfPresent(Int.self, forKey: .failuresInRow) ?? 0
        backOff = try values.decodeIfPresent(DownloadBackOff.self, forKey: .backOff)
        lastActID = try values.decodeIfPresent(String.self, forKey: .lastActID)
        openActID = try values.decodeIfPresent(String.self, forKey: .openActID)
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(alephVersion, forKey: .alephVersion)
        try values.encodeIfPresent(confirmedVersion, forKey: .confirmedVersion)
        try values.encodeIfPresent(installation, forKey: .installation)
        try values.encodeIfPresent(staged, forKey: .staged)
        try values.encode(held, forKey: .held)
        let named = slots.map { ($0.key.rawValue, $0.value) }
        try values.encode(Dictionary(uniqueKeysWithValues: named), forKey: .slots)
        try values.encode(reports, forKey: .reports)
        try values.encode(reportCount, forKey: .reportCount)
        try values.encodeIfPresent(completedFrom, forKey: .completedFrom)
        try values.encode(hasCheckedIn, forKey: .hasCheckedIn)
        try values.encode(failuresInRow, forKey: .failuresInRow)
        try values.encodeIfPresent(backOff, forKey: .backOff)
        try values.encodeIfPresent(lastActID, forKey: .lastActID)
        try values.encodeIfPresent(openActID, forKey: .openActID)
    }
}

/// A payload that is being written to a slot.
public struct Installation: Hashable, Sendable, Codable {
    public var version: Version
    /// SHA-256 of the whole payload file.
    public var payloadDigest: SHA256Digest
    public var payloadSizeBytes: UInt64
    public var slot: Slot
    /// Whether the server has been told that the download began.
    public var isAnnounced = false
    /// Whether the server has been told that it ended.
    public var hasArrived = false

    public init(_ offer: UpdateOffer, into slot: Slot) {
        self.version = offer.version
        self.payloadDigest = offer.payloadDigest
        self.payloadSizeBytes = offer.payloadSizeBytes
        self.slot = slot
    }
}

/// A slot that holds a verified release and is, or is about to be, first in the boot order.
public struct StagedUpdate: Hashable, Sendable, Codable {
    public var version: Version
    public var slot: Slot
    /// Digest of what the payload makes of the slot, whichever payload carried it.
    public var contentDigest: SHA256Digest?
    /// SHA-256 of the payload that was installed.
    public var payloadDigest: SHA256Digest?
    /// The boot during which it was staged: a different one means that a reboot happened.
    public var bootID: String
    /// A person asked to go back to this slot.
    public var isRollback = false
    /// Boots on trial that came as far as the engine.
    public var trials = 0
    /// The last of them.
    public var trialBootID: String?
    /// What the health gate said, when it has refused the boot.
    public var failure: String?

    public init(version: Version, slot: Slot, content: SlotContent?, bootID: String) {
        self.version = version
        self.slot = slot
        self.contentDigest = content?.contentDigest
        self.payloadDigest = content?.payloadDigest
        self.bootID = bootID
    }
}
