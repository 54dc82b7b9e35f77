package import FleetModel
internal import FleetStorage
internal import RolloutPlanning
internal import Synchronization
package import UpdateModel

/// What became of a channel that follows another, when the server looked.
package struct FollowOutcome: Sendable {
    package let application: ApplicationID
    package let channel: ChannelName
    /// The release that it came to, or that a second person is asked for.
    package let result: Result<Version, OperationError>
}

/// Whether a channel that follows another moves now; if not, why.
package struct FollowStanding: Hashable, Sendable {
    /// A stable word, such as `soaking`.
    package let state: String
    package let text: String
    /// When the soak is over.
    package let until: Timestamp?
}

// Channels that follow others. The server's tick looks at them; a clock that is not believed moves none.
extension FleetControl {
    /// Moves every channel that is due. One that fails is told and left alone for ``FollowPause/seconds``.
    ///
    /// May be called again while it is under way: an application whose payloads are being read again is passed over
    /// then. Ends early when the task is cancelled.
    ///
    /// A server that has just come up moves none: machines whose reports waited for it have their say first.
    /// - Parameter tell: is told each outcome as soon as it stands: the next one may take hours, or fail to come.
    package func followChannels(tell: (FollowOutcome) -> Void) async throws(OperationError) {
        guard followPause.isOver(uptimeMicroseconds: clock.mark.uptimeMicroseconds) else { return }
        var offset = 0
        while clockAlarm == nil, !Task.isCancelled {
            let page = PageRequest(limit: PageRequest.limitMaximum, offset: offset)
            let applications = try await applications(page, by: .server)
            for application in applications.items where followings.begin(application.id) {
                defer { followings.end(application.id) }
                for channel in try await allChannels(of: application.id) where channel.rules.follows != nil {
                    if let outcome = await follow(channel) { tell(outcome) }
                }
            }
            offset += applications.items.count
            if applications.items.isEmpty || offset >= applications.total { break }
        }
    }

    /// Whether the channel is about to move by itself; `nil` where it follows none.
    package func followStanding(of channel: Channel, by caller: Caller) async throws(OperationError) -> FollowStanding? {
        try require(.viewer, of: caller)
        return try await followVerdict(of: channel).map {
            FollowStanding(state: $0.name, text: $0.text, until: $0.until)
        }
    }

    private func followVerdict(of channel: Channel) async throws(OperationError) -> FollowVerdict? {
        guard let follow = channel.rules.follows else { return nil }
        let origin = try await self.channel(follow.channel, of: channel.application, by: .server)
        guard let version = origin.version else { return .nothingThere }
        let release = try await reading { () async throws(FleetStoreError) in
            try await store.release(version, of: channel.application)
        }
        let record = try await record(of: version, from: origin)
        return .of(channel, following: origin, follow, isBlocked: release?.block != nil, record, at: now)
    }

    private func follow(_ channel: Channel) async -> FollowOutcome? {
        let key = FollowPause.Key(application: channel.application, channel: channel.name)
        guard !Task.isCancelled, !followPause.holds(key, at: now) else { return nil }
        do {
            // What waits for a second person stays until somebody has decided about it.
            guard channel.request == nil, case .due(let version)? = try await followVerdict(of: channel) else {
                return nil
            }
            try await move(channel, to: version)
            return FollowOutcome(application: channel.application, channel: channel.name, result: .success(version))
        } catch {
            // What was broken off says nothing about the channel.
            guard !Task.isCancelled else { return nil }
            followPause.begin(key, at: now)
            return FollowOutcome(application: channel.application, channel: channel.name, result: .failure(error))
        }
    }

    private func move(_ channel: Channel, to version: Version) async throws(OperationError) {
        guard let follow = channel.rules.follows, clockAlarm == nil else { return }
        let evidence = try await verifiedPayloads(of: version, in: channel.application)
        let reason = "\(follow.channel) has had it for \(follow.soakSeconds) s"
        guard !channel.rules.needsSecondPerson else {
            let request = MoveRequest(
                version: version, previous: channel.version, promotedFrom: follow.channel, by: Caller.server.name,
                principal: channel.rules.followsSetBy ?? Caller.server.principal, at: now, reason: reason,
                follow: follow)
            _ = try await requestMove(channel, request, by: .server)
            return
        }
        _ = try await move(
            channel, to: version, promotedFrom: follow.channel, evidence, "channel.follow", by: .server
        ) { move in
            move.reason = reason
            move.follow = follow
        }
    }

    private func allChannels(of application: ApplicationID) async throws(OperationError) -> [Channel] {
        var all: [Channel] = []
        while true {
            let page = PageRequest(limit: PageRequest.limitMaximum, offset: all.count)
            let next = try await channels(of: application, page, by: .server)
            all += next.items
            if next.items.isEmpty || all.count >= next.total { return all }
        }
    }

    /// As the store will record it when the channel moves.
    private func record(of version: Version, from origin: Channel) async throws(OperationError) -> ReleaseRecord {
        try await reading { () async throws(FleetStoreError) in
            try await store.record(of: version, in: origin.application, channel: origin.name)
        }
    }
}

/// Channels that could not follow, so that the server does not read gigabytes every minute for nothing.
final class FollowPause: Sendable {
    struct Key: Hashable {
        let application: ApplicationID
        let channel: ChannelName
    }

    /// How long a channel that failed is left alone, and all of them after the server's start: an hour.
    static let seconds: Int64 = 3600

    private let startMicroseconds: Int64
    private let pauses = Mutex<[Key: Timestamp]>([:])

    /// - Parameter startMicroseconds: when the server came up, by a count that never jumps.
    init(startMicroseconds: Int64) { self.startMicroseconds = startMicroseconds }

    /// Whether the server has been up for long enough.
    func isOver(uptimeMicroseconds: Int64) -> Bool {
        uptimeMicroseconds - startMicroseconds >= Self.seconds * 1_000_000
    }

    func begin(_ key: Key, at now: Timestamp) { pauses.withLock { $0[key] = now.adding(seconds: Self.seconds) } }

    func holds(_ key: Key, at now: Timestamp) -> Bool {
        pauses.withLock { pauses in
            guard let end = pauses[key] else { return false }
            if now < end { return true }
            pauses[key] = nil
            return false
        }
    }
}
