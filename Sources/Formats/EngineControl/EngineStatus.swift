public import UpdateModel

/// What the engine is doing, for people and scripts. Times are RFC 3339, sizes bytes.
public struct EngineStatus: Hashable, Sendable, Codable {
    public enum State: String, Hashable, Sendable, Codable {
        /// Judging the present boot.
        case assessing
        case idle
        case checking
        case downloading
        case verifying
        /// A verified update waits for its boot.
        case needsReboot
        /// Going down.
        case rebooting
    }

    public struct Progress: Hashable, Sendable, Codable {
        public var receivedBytes: UInt64
        public var totalBytes: UInt64

        public init(receivedBytes: UInt64, totalBytes: UInt64) {
            self.receivedBytes = receivedBytes
            self.totalBytes = totalBytes
        }
    }

    public struct SlotStatus: Hashable, Sendable, Codable {
        public var slot: Slot
        public var isBooted: Bool
        /// `empty`, `writing`, `written`, `trying`, `good` or `bad`.
        public var life: String
        public var version: String?
        public var contentDigest: SHA256Digest?
        public var priority: Int
        public var triesLeft: Int
        public var isSuccessful: Bool
        /// Whether the boot loader would choose it now.
        public var isNext: Bool

        public init(
            slot: Slot, isBooted: Bool, life: String, version: String?, contentDigest: SHA256Digest?, priority: Int,
            triesLeft: Int, isSuccessful: Bool, isNext: Bool
        ) {
            self.slot = slot
            self.isBooted = isBooted
            self.life = life
            self.version = version
            self.contentDigest = contentDigest
            self.priority = priority
            self.triesLeft = triesLeft
            self.isSuccessful = isSuccessful
            self.isNext = isNext
        }
    }

    public struct Held: Hashable, Sendable, Codable {
        public var version: String
        public var reason: String

        public init(version: String, reason: String) {
            self.version = version
            self.reason = reason
        }
    }

    public var state: State
    public var machine: String
    public var version: String
    public var slot: Slot
    public var server: String
    public var track: String
    /// The version on its way, or waiting for its boot.
    public var newVersion: String?
    public var progress: Progress?
    public var slots: [SlotStatus]
    public var held: [Held]
    public var reportsPending: Int
    public var lastCheckAt: String?
    public var nextCheckAt: String?
    /// What the server said when it had nothing for us: its reason, in words.
    public var serverHold: String?
    public var lastError: String?
    /// Keys of the settings file that are not known and have no effect; `nil` when there are none.
    public var unknownSettings: [String]?
    /// Total bytes fetched from the server by this daemon since it started.
    public var downloadedBytes: UInt64
    /// Checks that have run their course since the daemon started, with whatever they led to.
    public var checkCount = 0
    /// In the answer to a request for a check: the value of ``checkCount`` once that check has run its course.
    public var awaitedCheck: Int?

    public init(
        state: State, machine: String, version: String, slot: Slot, server: String, track: String, newVersion: String?,
        progress: Progress?, slots: [SlotStatus], held: [Held], reportsPending: Int, lastCheckAt: String?,
        nextCheckAt: String?, serverHold: String?, lastError: String?, downloadedBytes: UInt64,
        checkCount: Int = 0
    ) {
        self.state = state
        self.machine = machine
        self.version = version
        self.slot = slot
        self.server = server
        self.track = track
        self.newVersion = newVersion
        self.progress = progress
        self.slots = slots
        self.held = held
        self.reportsPending = reportsPending
        self.lastCheckAt = lastCheckAt
        self.nextCheckAt = nextCheckAt
        self.serverHold = serverHold
        self.lastError = lastError
        self.downloadedBytes = downloadedBytes
        self.checkCount = checkCount
    }
}
