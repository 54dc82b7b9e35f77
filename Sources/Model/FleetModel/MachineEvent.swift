public import UpdateModel

/// Something that happened to a machine, as it is kept.
public struct MachineEvent: Hashable, Sendable, Codable {
    /// What it meant to the server.
    public enum Kind: String, CaseIterable, Hashable, Sendable, Codable {
        /// First sight.
        case registered
        /// Changed its group by sending another track.
        case moved
        /// Reports another version than before, outside a grant.
        case versionChanged = "version-changed"
        case offered
        case downloading
        case downloaded
        case installed
        case complete
        case failed
        /// An error that was no failure of a granted release.
        case error
        /// A stage took too long; its place was freed.
        case expired
        /// A grant ended because the machine asked again and its target is another, or is withheld.
        case superseded
        /// An order to roll back was given, or the machine was told or took it up.
        case rollback
        /// The machine left the release that it was to leave.
        case rolledBack = "rolled-back"
        /// An order to roll back came to nothing.
        case rollbackEnded = "rollback-ended"
        /// An operator pinned, held, labelled or moved the machine.
        case changed
        /// It installed a release and was not heard of again.
        case silent
        /// Several machines take turns under its id.
        case clone
        /// A person gave a withheld release free again.
        case released
        /// A report that changes nothing.
        case other
    }

    /// Counts up through all events; 0 until stored.
    public var number: Int64
    public let at: Timestamp
    public let application: ApplicationID
    public let machine: MachineID
    public let group: GroupName?
    public let kind: Kind
    /// Omaha's event type and result; `nil` for what the server concluded itself.
    public let type: Int?
    public let result: Int?
    public let code: Int64?
    /// The release it is about.
    public let version: Version?
    public let previousVersion: String?
    /// Plain words.
    public let text: String

    public init(
        number: Int64 = 0, at: Timestamp, application: ApplicationID, machine: MachineID, group: GroupName?, kind: Kind,
        type: Int? = nil, result: Int? = nil, code: Int64? = nil, version: Version? = nil,
        previousVersion: String? = nil, text: String
    ) {
        self.number = number
        self.at = at
        self.application = application
        self.machine = machine
        self.group = group
        self.kind = kind
        self.type = type
        self.result = result
        self.code = code
        self.version = version
        self.previousVersion = previousVersion
        self.text = text
    }
}
