internal import FleetModel
internal import UpdateModel

// Channels, and how they come to their releases.
extension ChangeScript {
    func runChannels(on store: inout some FleetTransaction) throws {
        switch change {
        case .createChannel(let channel): try create(channel, on: &store)
        case .moveChannel(let move): try make(move, on: &store)
        case .deleteChannel(let application, let name): try deleteChannel(name, application, on: &store)
        case .setChannelRules(let application, let name, let previous, let rules):
            try put(rules, inPlaceOf: previous, on: name, application, &store)
        case .requestMove(let application, let name, let request): try put(request, on: name, application, &store)
        case .withdrawMove(let application, let name, let request):
            var channel = try existing(name, application, on: &store)
            try refuse(channel.request != request, .changed(.channel, name.rawValue))
            channel.request = nil
            // A person has turned down what the server asked for: like a move by hand, that stands until the next release.
            let followed = try followedRelease(of: channel, on: &store)
            if request.follow != nil, followed?.version == request.version { channel.rules.passedOver = followed }
            try store.put(channel)
        default: break
        }
    }

    private func existing(_ name: ChannelName, _ application: ApplicationID, on store: inout some FleetTransaction)
        throws -> Channel
    {
        guard let channel = try store.channel(name, of: application) else {
            throw FleetStoreError.notFound(.channel, name.rawValue)
        }
        return channel
    }

    /// What the channel that this one follows points at.
    private func followedRelease(of channel: Channel, on store: inout some FleetTransaction) throws
        -> FollowedRelease?
    {
        guard let follow = channel.rules.follows else { return nil }
        return try store.channel(follow.channel, of: channel.application).flatMap { FollowedRelease(of: $0) }
    }

    /// Who moves a channel keeps its rules: a second person approves what waits, and the server moves what is due.
    private func checkRules(of channel: Channel, for move: ChannelMove) throws(FleetStoreError) {
        let name = channel.name
        let isAsked = move.request != nil && move.request == channel.request
        try refuse(move.request != nil && !isAsked, .changed(.channel, name.rawValue))
        try refuse(
            channel.rules.needsSecondPerson && !isAsked,
            .conflict("The channel “\(name)” is moved by a second person alone."))
        guard let follow = move.follow else { return }
        try refuse(channel.rules.follows != follow, .changed(.channel, name.rawValue))
        if let group = move.record?.haltedIn {
            throw FleetStoreError.conflict("The roll-out of \(move.version) in the group “\(group)” does not go on.")
        }
        let isProven = (move.record?.running ?? 0) >= follow.machines
        try refuse(!isProven, .conflict("\(move.version) runs on too few machines of “\(follow.channel)”."))
    }

    private func put(
        _ rules: ChannelRules, inPlaceOf previous: ChannelRules, on name: ChannelName, _ application: ApplicationID,
        _ store: inout some FleetTransaction
    ) throws {
        var channel = try existing(name, application, on: &store)
        try refuse(channel.rules != previous, .changed(.channel, name.rawValue))
        var next = rules.follows?.channel
        var count = 0
        while let origin = next {
            let isCircle = origin == name || count >= Self.chainMaximum
            try refuse(isCircle, .conflict("The channel “\(name)” would follow itself."))
            next = try existing(origin, application, on: &store).rules.follows?.channel
            count += 1
        }
        channel.rules = rules
        // What the server asked for by another rule could not be approved any more.
        let isStale = channel.request?.follow != nil && channel.request?.follow != rules.follows
        if !rules.needsSecondPerson || isStale { channel.request = nil }
        try store.put(channel)
    }

    /// A longer row of channels that follow each other is refused.
    private static let chainMaximum = 32

    private func put(
        _ request: MoveRequest, on name: ChannelName, _ application: ApplicationID,
        _ store: inout some FleetTransaction
    ) throws {
        var channel = try existing(name, application, on: &store)
        let release = try store.release(request.version, of: application)
        try refuse(release == nil, .notFound(.release, request.version.text))
        try refuse(release?.block != nil, .conflict("Release \(request.version) is blocked."))
        try refuse(channel.version != request.previous, .changed(.channel, name.rawValue))
        try refuse(
            !channel.rules.needsSecondPerson, .conflict("The channel “\(name)” needs no second person any more."))
        try refuse(
            request.follow != nil && channel.request != nil,
            .conflict("The channel “\(name)” waits for a decision about another release."))
        channel.request = request
        try store.put(channel)
    }

    private func create(_ channel: Channel, on store: inout some FleetTransaction) throws {
        try requireApplication(channel.application, on: &store)
        let existing = try store.channel(channel.name, of: channel.application)
        try refuse(existing != nil, .alreadyExists(.channel, channel.name.rawValue))
        try store.put(channel)
    }

    private func make(_ move: ChannelMove, on store: inout some FleetTransaction) throws {
        let channel = try existing(move.channel, move.application, on: &store)
        try checkRelease(of: move, on: &store)
        try refuse(channel.version != move.previous, .changed(.channel, move.channel.rawValue))
        if let origin = move.promotedFrom {
            let version = try store.channel(origin, of: move.application)?.version
            try refuse(version != move.version, .conflict("The channel “\(origin)” points elsewhere now."))
        }
        var recorded = move
        recorded.record = try store.record(of: move.version, in: move.application, channel: move.promotedFrom)
        try checkRules(of: channel, for: recorded)
        var moved = channel.moved(by: move)
        moved.rules.passedOver = move.follow == nil ? try followedRelease(of: channel, on: &store) : nil
        try store.put(moved)
        try store.append(recorded)
        guard move.version != move.previous else { return }
        for group in try store.groups(following: move.channel, of: move.application) {
            try beginAnew(move.version, in: group, on: &store)
        }
    }

    /// What a channel comes to is there, may be had, and has the payloads that were read again.
    private func checkRelease(of move: ChannelMove, on store: inout some FleetTransaction) throws {
        let release = try store.release(move.version, of: move.application)
        try refuse(release == nil, .notFound(.release, move.version.text))
        try refuse(release?.block != nil, .conflict("Release \(move.version) is blocked."))
        let payloads = try store.payloads(of: move.version, in: move.application).map {
            VerifiedPayload(architecture: $0.architecture, sha256: $0.sha256, source: $0.source)
        }
        try refuse(
            Set(payloads) != Set(move.evidence), .conflict("The payloads of \(move.version) changed meanwhile."))
    }

    private func deleteChannel(_ name: ChannelName, _ id: ApplicationID, on store: inout some FleetTransaction) throws {
        try refuse(store.channel(name, of: id) == nil, .notFound(.channel, name.rawValue))
        if let group = try store.firstGroup(following: name, of: id) {
            throw FleetStoreError.inUse(.channel, name.rawValue, by: "the group “\(group)”")
        }
        let channels = try store.channels(of: id)
        if let follower = channels.first(where: { $0.rules.follows?.channel == name }) {
            throw FleetStoreError.inUse(
                .channel, name.rawValue, by: "the channel “\(follower.name)”, which follows it")
        }
        if let floor = try store.floors(of: id).first(where: { $0.floor?.channels.contains(name) == true }) {
            throw FleetStoreError.inUse(.channel, name.rawValue, by: "the floor \(floor.version)")
        }
        try store.removeChannel(name, of: id)
    }
}
