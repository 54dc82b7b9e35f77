public import UpdateModel

extension OmahaRequest {
    /// One application on one machine: who it is, what it runs, and what it asks or reports.
    public struct App: Hashable, Sendable {
        /// The application as received, with its braces if it had any.
        public var id: String
        /// The release that runs now; any text.
        public var version: String
        /// The group to follow: a name, or an old group's UUID (see ``OmahaTrack``).
        public var track: String
        /// Changes with each boot: the kernel's boot id in braces.
        public var bootID = ""
        public var oem = ""
        public var oemVersion = ""
        /// The first release that this installation ever saw.
        public var alephVersion = ""
        /// `/etc/machine-id`: 32 hexadecimal digits, no braces.
        public var machineID: String
        public var machineAlias = ""
        public var language = "en-US"
        /// The kind of image, such as `amd64-usr`: it selects the architecture.
        public var board = ""
        public var hardwareClass = ""
        /// Whether the machine takes deltas; `update_engine` always says no.
        public var acceptsDeltas = false

        public var client: String?
        /// Days since the installation.
        public var installAge: Int?
        public var nextVersion: String?
        public var fromTrack: String?
        /// Set by mirrors that take several releases in one answer.
        public var acceptsMultipleManifests = false

        /// Extension: the slot that the machine runs from.
        public var bootedSlot: Slot?
        /// Extension: the engine and its version, such as `martletd/1.0.0`.
        public var engine: String?

        /// Present when the machine says that it is alive.
        public var ping: Ping?
        /// Present when the machine asks for an update.
        public var updateCheck: UpdateCheck?
        /// What happened, oldest first.
        public var events: [OmahaEvent] = []

        public init(id: String, version: String, track: String, machineID: String) {
            self.id = id
            self.version = version
            self.track = track
            self.machineID = machineID
        }

        /// The application as a name that can be compared; `nil` where the text cannot name one.
        public var applicationID: ApplicationID? { try? ApplicationID(id) }  // The text stays in `id` for the message.
    }

    /// The element `ping`: the machine is alive. Only `active` is used by machines in the field.
    public struct Ping: Hashable, Sendable {
        public var isActive: Bool
        /// Attribute `a`: days since the last report of use; -1 for the first.
        public var daysSinceActive: Int?
        /// Attribute `r`: days since the last report at all; -1 for the first.
        public var daysSinceRollCall: Int?
        /// Attribute `ad`: the server's day number at the last report of use.
        public var activeDay: Int?
        /// Attribute `rd`: the server's day number at the last report at all.
        public var rollCallDay: Int?

        public init(isActive: Bool = true) { self.isActive = isActive }
    }

    /// The element `updatecheck` of a request: the machine asks for an update.
    public struct UpdateCheck: Hashable, Sendable {
        /// Asks for a release whose version begins so.
        public var targetVersionPrefix: String?

        public init(targetVersionPrefix: String? = nil) { self.targetVersionPrefix = targetVersionPrefix }
    }
}
