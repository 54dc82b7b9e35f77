public import UpdateModel

/// What the engine must remember over restarts, reboots and fall-backs; saved before anything is done because of it.
///
/// Written by this version and read by the previous one after a fall-back: a field may be added, never repurposed
/// or removed, and each has a default so that a record without it reads.
public struct EngineRecord: Hashable, Sendable, Codable {
    /// The first version that this installation ever ran.
    public var alephVersion: Version?
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
    /// How many reports were ever made: the next one's number.
    public var reportCount: UInt64 = 0
    /// The version that ran before the present one, until the server has heard of the change.
    public var completedFrom: String?
    /// Update checks or downloads that failed in a row.
    public var failuresInRow = 0

    public init() {}

    /// The names of the fields as they are stored; others belong to another version and are kept as they are.
    public static var fieldNames: Set<String> { Set(CodingKeys.allCases.map(\.rawValue)) }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case alephVersion, installation, staged, held, slots, reports, reportCount, completedFrom, failuresInRow
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        alephVersion = try values.decodeIfPresent(Version.self, forKey: .alephVersion)
        installation = try values.decodeIfPresent(Installation.self, forKey: .installation)
        staged = try values.decodeIfPresent(StagedUpdate.self, forKey: .staged)
        held = try values.decodeIfPresent([HeldRelease].self, forKey: .held) ?? []
        let named = try values.decodeIfPresent([String: SlotContent].self, forKey: .slots) ?? [:]
        slots = Dictionary(uniqueKeysWithValues: named.compactMap { name, content in Slot(rawValue: name).map { ($0, content) } })
        reports = try values.decodeIfPresent([EngineReport].self, forKey: .reports) ?? []
        reportCount = try values.decodeIfPresent(UInt64.self, forKey: .reportCount) ?? 0
        completedFrom = try values.decodeIfPresent(String.self, forKey: .completedFrom)
        failuresInRow = try values.decodeIfPresent(Int.self, forKey: .failuresInRow) ?? 0
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(alephVersion, forKey: .alephVersion)
        try values.encodeIfPresent(installation, forKey: .installation)
        try values.encodeIfPresent(staged, forKey: .staged)
        try values.encode(held, forKey: .held)
        try values.encode(
            Dictionary(uniqueKeysWithValues: slots.map { ($0.key.rawValue, $0.value) }), forKey: .slots)
        try values.encode(reports, forKey: .reports)
        try values.encode(reportCount, forKey: .reportCount)
        try values.encodeIfPresent(completedFrom, forKey: .completedFrom)
        try values.encode(failuresInRow, forKey: .failuresInRow)
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

    public init(version: Version, payloadDigest: SHA256Digest, payloadSizeBytes: UInt64, slot: Slot) {
        self.version = version
        self.payloadDigest = payloadDigest
        self.payloadSizeBytes = payloadSizeBytes
        self.slot = slot
    }
}

/// A slot that holds a verified release and is, or is about to be, first in the boot order.
public struct StagedUpdate: Hashable, Sendable, Codable {
    public var version: Version
    public var slot: Slot
    /// Digest of what the payload makes of the slot, whichever payload carried it.
    public var contentDigest: SHA256Digest?
    public var payloadDigest: SHA256Digest?
    /// The boot during which it was staged: a different one means that a reboot happened.
    public var bootID: String
    /// The version that was running then.
    public var previousVersion: Version
    /// A person asked to go back to this slot.
    public var isRollback: Bool
    /// What the health gate said, when it has refused the boot.
    public var failure: String?

    public init(
        version: Version, slot: Slot, contentDigest: SHA256Digest?, payloadDigest: SHA256Digest?, bootID: String,
        previousVersion: Version, isRollback: Bool = false
    ) {
        self.version = version
        self.slot = slot
        self.contentDigest = contentDigest
        self.payloadDigest = payloadDigest
        self.bootID = bootID
        self.previousVersion = previousVersion
        self.isRollback = isRollback
    }
}

/// A release that is not installed again by itself (architecture invariant 5).
public struct HeldRelease: Hashable, Sendable, Codable {
    public enum Cause: String, Hashable, Sendable, Codable {
        /// Its boot was not good on this machine.
        case failedHere
        /// A person rolled back from it.
        case rolledBack
    }

    public var version: Version
    public var contentDigest: SHA256Digest?
    public var payloadDigest: SHA256Digest?
    public var cause: Cause
    public var reason: String

    public init(
        version: Version, contentDigest: SHA256Digest?, payloadDigest: SHA256Digest?, cause: Cause, reason: String
    ) {
        self.version = version
        self.contentDigest = contentDigest
        self.payloadDigest = payloadDigest
        self.cause = cause
        self.reason = reason
    }
}

/// What a slot holds, and how it got on: `empty → writing → written → trying → good | bad`.
public struct SlotContent: Hashable, Sendable, Codable {
    public enum Life: String, Hashable, Sendable, Codable {
        case empty, writing, written, trying, good, bad
    }

    public var life: Life
    public var version: Version?
    public var contentDigest: SHA256Digest?

    public init(life: Life, version: Version? = nil, contentDigest: SHA256Digest? = nil) {
        self.life = life
        self.version = version
        self.contentDigest = contentDigest
    }
}

/// One Omaha event on its way to the server.
public struct EngineReport: Hashable, Sendable, Codable {
    /// Counts up over the life of the installation.
    public var number: UInt64
    public var eventType: Int
    public var eventResult: Int
    public var errorCode: Int?
    /// The version that the event is about, where that is not the running one.
    public var subjectVersion: String?
    public var subjectDigest: SHA256Digest?
    /// For people: what failed, at most 1 KiB.
    public var reason: String?

    public init(number: UInt64, eventType: Int, eventResult: Int, errorCode: Int? = nil) {
        self.number = number
        self.eventType = eventType
        self.eventResult = eventResult
        self.errorCode = errorCode
    }
}
