package import FleetModel
internal import FleetStorage
package import UpdateModel

/// What to change of how a channel comes to its releases; `nil` leaves a field as it is.
package struct ChannelChange: Hashable, Sendable {
    /// `.some(nil)` leaves it to people.
    package var follows: ChannelFollow??
    package var needsSecondPerson: Bool?

    package init(follows: ChannelFollow?? = nil, needsSecondPerson: Bool? = nil) {
        self.follows = follows
        self.needsSecondPerson = needsSecondPerson
    }
}

// How a channel comes to its releases: by itself, and by two people.
extension FleetControl {
    /// Changes the rules of a channel, making the channel if there is none.
    /// - Parameter seen: the channel as the caller saw it; `nil` to change it whatever it is now.
    /// - Throws: ``OperationError/changed(_:_:)`` where it is not `seen` any more.
    package func changeChannel(
        _ name: ChannelName, of application: ApplicationID, _ change: ChannelChange, ifStill seen: Channel? = nil,
        by caller: Caller
    ) async throws(OperationError) -> Channel {
        try require(.admin, of: caller)
        if case .some(let follow?) = change.follows { try Self.check(follow) }
        let channel = try await channelToMove(name, of: application, by: caller)
        if let seen, seen != channel { throw .changed(.channel, name.rawValue) }
        var rules = channel.rules
        if let follows = change.follows, follows != rules.follows {
            rules.follows = follows
            rules.followsSetBy = follows == nil ? nil : caller.principal
            rules.passedOver = nil
        }
        rules.needsSecondPerson = change.needsSecondPerson ?? rules.needsSecondPerson
        let object = Self.object(application, name.rawValue)
        try await commit(
            .setChannelRules(application, name, from: channel.rules, to: rules), by: caller, "channel.rules",
            on: object, Self.words(for: rules))
        return try await self.channel(name, of: application, by: caller)
    }

    private static func check(_ follow: ChannelFollow) throws(OperationError) {
        guard (0...31_536_000).contains(follow.soakSeconds), (0...1_000_000).contains(follow.machines) else {
            throw .invalid("A release soaks for at most one year, on 0 to 1000000 machines.", hint: nil)
        }
    }

    private static func words(for rules: ChannelRules) -> String {
        let follow = rules.follows.map {
            "follows \($0.channel) after \($0.soakSeconds) s on \($0.machines) machines"
        }
        return (follow ?? "is moved by hand") + (rules.needsSecondPerson ? ", needs a second person" : "")
    }

    /// Makes the move that waits, as the second person. The bits are read again first.
    /// - Parameter version: what the caller means to approve; refused where something else waits.
    package func approveMove(
        of name: ChannelName, in application: ApplicationID, to version: Version, by caller: Caller
    ) async throws(OperationError) -> Channel {
        try require(.admin, of: caller)
        let channel = try await channel(name, of: application, by: caller)
        guard let request = channel.request else { throw .noMoveRequest(name) }
        guard request.version == version else { throw .store(.changed(.channel, name.rawValue)) }
        guard request.principal != caller.principal else {
            throw .needsSecondPerson(name, caller.name, isByRule: request.follow != nil)
        }
        try await requireUnblocked(version, of: application, by: caller)
        let evidence = try await verifiedPayloads(of: version, in: application)
        return try await move(
            channel, to: version, promotedFrom: request.promotedFrom, evidence, "channel.approve", by: caller
        ) { move in
            move.reason = request.reason
            move.request = request
            move.follow = request.follow
        }
    }

    /// Turns down what waits for a second person, or takes it back.
    package func rejectMove(
        of name: ChannelName, in application: ApplicationID, reason: String? = nil, by caller: Caller
    ) async throws(OperationError) -> Channel {
        try require(.admin, of: caller)
        let reason = try reason.map { text throws(OperationError) in try TextRule.label.check(text, "The reason") }
        guard let request = try await channel(name, of: application, by: caller).request else {
            throw .noMoveRequest(name)
        }
        let object = Self.object(application, name.rawValue)
        let detail = "\(request.version), asked for by \(request.by)" + (reason.map { ": \($0)" } ?? "")
        try await commit(
            .withdrawMove(application, name, request), by: caller, "channel.reject", on: object, detail)
        return try await channel(name, of: application, by: caller)
    }

    /// Writes down a move that another person is to make.
    func requestMove(_ channel: Channel, _ request: MoveRequest, by caller: Caller) async throws(OperationError)
        -> Channel
    {
        let object = Self.object(channel.application, channel.name.rawValue)
        let detail = "from \(channel.version?.text ?? "nothing") to \(request.version)"
        try await commit(
            .requestMove(channel.application, channel.name, request), by: caller, "channel.request", on: object, detail)
        var asked = channel
        asked.request = request
        return asked
    }
}
