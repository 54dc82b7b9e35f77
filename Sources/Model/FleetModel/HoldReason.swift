/// The one leading reason why a machine is not offered its target now.
///
/// The cases stand in order of precedence: the first that applies is the reason. What nobody can change by waiting comes
/// before what an operator decided, and that before what passes by itself. An open order to roll back comes before
/// everything about the target: while it stands, no release is looked at.
public enum HoldReason: String, CaseIterable, Hashable, Sendable, Codable {
    case unknownApplication = "unknown-application"
    case unknownMachineID = "unknown-machine-id"
    case unknownVersion = "unknown-version"
    case secretRequired = "secret-required"
    case fleetFull = "fleet-full"
    case tooManyNewMachines = "too-many-new-machines"
    case unknownTrack = "unknown-track"
    case rollbackPending = "rollback-pending"
    case noRelease = "no-release"
    case aheadOfChannel = "ahead-of-channel"
    case notOrdered = "not-ordered"
    case belowMinimum = "below-minimum"
    case releaseBlocked = "release-blocked"
    case noPayloadForArchitecture = "no-payload-for-architecture"
    case noDelta = "no-delta"
    case payloadFormat = "payload-format"
    case payloadUnavailable = "payload-unavailable"
    case failedHereBefore = "failed-here-before"
    case rolledBack = "rolled-back"
    case heldByOperator = "held-by-operator"
    case pinned
    case updatesDisabled = "updates-disabled"
    case clockJumped = "clock-jumped"
    case rolloutAborted = "rollout-aborted"
    case rolloutStopped = "rollout-stopped"
    case rolloutPaused = "rollout-paused"
    case waitsForGroup = "waits-for-group"
    case outsideWindow = "outside-window"
    case waitsForCanary = "waits-for-canary"
    case canarySoak = "canary-soak"
    case ramp
    case limitRate = "limit-rate"
    case limitDownloads = "limit-downloads"
    case limitInProgress = "limit-in-progress"

    /// The name in answers, in the API and in the database: stable.
    public var name: String { rawValue }

    /// Plain words for a person.
    public var text: String {
        switch self {
        case .unknownApplication: "This server does not know the application."
        case .unknownMachineID: "The machine sent no usable machine id, so it cannot be registered."
        case .unknownVersion: "The machine did not say which version it runs."
        case .secretRequired:
            "The group takes machines that show its secret; this one showed none or another, so nothing of it was recorded."
        case .fleetFull: "The server already knows as many machines as it may; forget old ones or raise the limit."
        case .tooManyNewMachines:
            "More new machines came within an hour than the server takes in; this one is taken in when it asks later."
        case .unknownTrack: "No group of the application has the track that the machine sent."
        case .rollbackPending:
            "An operator wants the machine back on the release before; nothing is offered until that is settled."
        case .noRelease: "The group's channel does not point at a release yet."
        case .aheadOfChannel: "The machine runs a newer version than its channel; it is never downgraded silently."
        case .notOrdered: "The machine's version and the channel's differ only in build metadata; neither is newer."
        case .belowMinimum:
            "The machine runs an older version than its group updates from; install it anew, move it to a group that takes "
                + "it, or lower the group's minimum."
        case .releaseBlocked: "An operator blocked the release: it is offered to nobody."
        case .noPayloadForArchitecture: "The release has no payload for the machine's architecture."
        case .noDelta:
            "The release has payloads for the machine's architecture, but none that fits what it runs; add a delta from "
                + "there, or a full payload where the group's policy takes one."
        case .payloadFormat:
            "This release's payload is in format 2, which this machine's updater cannot read; "
                + "add one made with --format 1."
        case .payloadUnavailable:
            "The release's payload lies elsewhere, and is not there now or is not the file that was added; it is "
                + "offered again once it is."
        case .failedHereBefore: "The release failed on this machine before."
        case .rolledBack:
            "The machine was rolled back from the release; a newer one is offered, or this one once released."
        case .heldByOperator: "An operator holds this machine as it is."
        case .pinned: "An operator pinned this machine to the release that it runs."
        case .updatesDisabled: "Updates are disabled for the group."
        case .clockJumped: "The server's clock jumped; nothing is offered until it is right or an operator says so."
        case .rolloutAborted: "An operator withdrew the release from the group."
        case .rolloutStopped: "The roll-out stopped itself after failures; an operator can resume it."
        case .rolloutPaused: "An operator paused the roll-out."
        case .waitsForGroup: "Another group goes first and is not done yet, or has not soaked."
        case .outsideWindow: "Offers are made in certain hours only, and this is none of them."
        case .waitsForCanary: "A few machines of the group try the release first."
        case .canarySoak: "The release must run for some time on the machines that try it first."
        case .ramp: "The release spreads through the group step by step, and this machine comes later."
        case .limitRate: "As many machines of the group as allowed within the interval were offered the release."
        case .limitDownloads: "The group's budget of bytes a second is taken by the downloads of other machines."
        case .limitInProgress: "As many machines of the group as allowed are updating now."
        }
    }
}

/// What a machine that asked is told.
public enum Decision: Hashable, Sendable {
    case offer(Payload)
    /// `until`: the earliest moment at which asking again may help, where one is known.
    case hold(HoldReason, until: Timestamp?)
    case upToDate
}
