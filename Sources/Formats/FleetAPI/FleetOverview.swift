public import FleetModel

/// Everything that one look at the fleet shows: what the page at the server's root is drawn from.
public struct FleetOverview: Codable, Sendable {
    public let at: Timestamp
    public let serverVersion: String
    public let applications: [ApplicationOverview]
    /// The first machines only, and how many there are.
    public let machines: ListPage<MachineResource>
    /// The newest events only, newest first.
    public let events: ListPage<EventResource>
    /// The server's clock, while it is not believed.
    public var clock: ClockResource?
    /// Set while more new machines come than are taken in.
    public var admission: AdmissionResource?

    public init(
        at: Timestamp, serverVersion: String, applications: [ApplicationOverview],
        machines: ListPage<MachineResource>, events: ListPage<EventResource>
    ) {
        self.at = at
        self.serverVersion = serverVersion
        self.applications = applications
        self.machines = machines
        self.events = events
    }
}

/// One application in a ``FleetOverview``.
public struct ApplicationOverview: Codable, Sendable {
    public let application: ApplicationResource
    public let channels: [ChannelResource]
    public let groups: [GroupResource]
    /// Payloads that lie on other servers, those that cannot be had first: the first few, and how many there are. Left
    /// out for none.
    public var elsewhere: ListPage<PayloadResource>?

    public init(application: ApplicationResource, channels: [ChannelResource], groups: [GroupResource]) {
        self.application = application
        self.channels = channels
        self.groups = groups
    }
}

/// More new machines come than are taken in.
public struct AdmissionResource: Codable, Sendable, Hashable {
    /// Checks that were turned away since this began.
    public let refusals: Int
    public let since: Timestamp
    /// When new machines are taken in again.
    public let until: Timestamp

    public init(refusals: Int, since: Timestamp, until: Timestamp) {
        self.refusals = refusals
        self.since = since
        self.until = until
    }
}
