package import FleetModel
package import UpdateModel

/// Whether a channel takes over now what the one that it follows points at; if not, why.
package enum FollowVerdict: Hashable, Sendable {
    /// The other channel points at nothing.
    case nothingThere
    /// It points at the same release.
    case upToDate
    /// The release is older than the channel's own, or has no order to it: a person must decide.
    case notNewer(Version)
    /// A person moved the channel while the other one had the release already, or turned the release down; that stands
    /// until the other channel's next release.
    case decidedByHand(Version)
    case soaking(Version, until: Timestamp)
    case blocked(Version)
    /// The roll-out is stopped, paused, aborted or undone in a group of the other channel.
    case halted(Version, in: GroupName)
    case tooFewMachines(Version, running: Int, wanted: Int)
    case due(Version)

    /// - Parameters:
    ///   - origin: the channel that is followed.
    ///   - isBlocked: whether its release is blocked.
    ///   - record: of its release, in the groups that follow it.
    ///   - now: by a clock that is believed.
    package static func of(
        _ channel: Channel, following origin: Channel, _ follow: ChannelFollow, isBlocked: Bool, _ record: ReleaseRecord,
        at now: Timestamp
    ) -> FollowVerdict {
        guard let version = origin.version else { return .nothingThere }
        if channel.version == version { return .upToDate }
        if let own = channel.version, version.isNewer(than: own) != true { return .notNewer(version) }
        if channel.rules.passedOver == FollowedRelease(of: origin) { return .decidedByHand(version) }
        let dueAt = origin.settledAt.adding(seconds: follow.soakSeconds)
        if now < dueAt { return .soaking(version, until: dueAt) }
        if isBlocked { return .blocked(version) }
        if let group = record.haltedIn { return .halted(version, in: group) }
        if record.running < follow.machines {
            return .tooFewMachines(version, running: record.running, wanted: follow.machines)
        }
        return .due(version)
    }

    /// A stable word.
    package var name: String {
        switch self {
        case .nothingThere: "nothing-there"
        case .upToDate: "up-to-date"
        case .notNewer: "not-newer"
        case .decidedByHand: "decided-by-hand"
        case .soaking: "soaking"
        case .blocked: "release-blocked"
        case .halted: "rollout-halted"
        case .tooFewMachines: "too-few-machines"
        case .due: "due"
        }
    }

    /// Plain words for a person.
    package var text: String {
        switch self {
        case .nothingThere: "The channel that it follows points at no release yet."
        case .upToDate: "It points at the same release as the channel that it follows."
        case .notNewer(let version): "\(version) is not newer than its own release; it takes that only by hand."
        case .decidedByHand(let version):
            "A person moved it since the other channel came to \(version), or turned that down; it follows the next "
                + "release."
        case .soaking(let version, _): "\(version) has not soaked for long enough."
        case .blocked(let version): "\(version) is blocked."
        case .halted(let version, let group): "The roll-out of \(version) in the group \(group) does not go on."
        case .tooFewMachines(let version, let running, let wanted):
            "\(version) runs on \(running) machines, and is to run on \(wanted)."
        case .due(let version): "\(version) is taken over within a minute, once its payloads are read again."
        }
    }

    package var until: Timestamp? { if case .soaking(_, let until) = self { until } else { nil } }
}
