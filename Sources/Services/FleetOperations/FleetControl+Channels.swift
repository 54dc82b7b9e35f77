package import FleetModel
internal import FleetStorage
internal import PayloadStore
package import UpdateModel

extension FleetControl {
    package func channels(of application: ApplicationID, _ page: PageRequest, by caller: Caller)
        async throws(OperationError) -> Page<Channel>
    {
        _ = try await self.application(application, by: caller)
        return try await reading { () async throws(FleetStoreError) in try await store.channels(of: application, page) }
    }

    package func channel(_ name: ChannelName, of application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> Channel
    {
        try require(.viewer, of: caller)
        let value = try await reading { () async throws(FleetStoreError) in
            try await store.channel(name, of: application)
        }
        return try found(value, .channel, name.rawValue)
    }

    /// Newest first; of one channel, or of all when `channel` is `nil`.
    package func channelMoves(
        of application: ApplicationID, channel: ChannelName?, _ page: PageRequest, by caller: Caller
    ) async throws(OperationError) -> Page<ChannelMove> {
        _ = try await self.application(application, by: caller)
        return try await reading { () async throws(FleetStoreError) in
            try await store.channelMoves(of: application, channel: channel, page)
        }
    }

    /// Makes a channel that points at nothing yet.
    package func createChannel(_ name: ChannelName, of application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> Channel
    {
        try require(.admin, of: caller)
        let channel = Channel(application: application, name: name, version: nil, changedAt: now)
        let object = Self.object(application, name.rawValue)
        try await commit(.createChannel(channel), by: caller, "channel.create", on: object)
        return channel
    }

    /// Points a channel at a release, making the channel if there is none. Every payload of the release is read again
    /// and hashed first; one that differs from what was added refuses the whole act.
    ///
    /// A channel that needs a second person stays where it is, and has a ``FleetModel/Channel/request`` then.
    /// - Parameters:
    ///   - reason: why, for people.
    ///   - seen: the channel as the caller saw it; `nil` to set it whatever it is now.
    /// - Throws: among others ``OperationError/changed(_:_:)`` where it is not `seen` any more.
    package func setChannel(
        _ name: ChannelName, of application: ApplicationID, to version: Version, reason: String? = nil,
        ifStill seen: Channel? = nil, by caller: Caller
    ) async throws(OperationError) -> Channel {
        try require(.admin, of: caller)
        let reason = try reason.map { text throws(OperationError) in try TextRule.label.check(text, "The reason") }
        try await requireUnblocked(version, of: application, by: caller)
        let evidence = try await verifiedPayloads(of: version, in: application)
        let channel = try await channelToMove(name, of: application, by: caller)
        if let seen, seen != channel { throw .changed(.channel, name.rawValue) }
        do {
            return try await moveOrAsk(channel, to: version, promotedFrom: nil, evidence, reason, by: caller)
        } catch {
            if seen != nil, case .store(.changed) = error { throw .changed(.channel, name.rawValue) }
            throw error
        }
    }

    /// Points `destination` at exactly what `origin` points at: the same release, the same bits, all architectures or
    /// none. The channel is made if there is none; one that needs a second person has a request then.
    package func promote(
        from origin: ChannelName, to destination: ChannelName, of application: ApplicationID, reason: String? = nil,
        by caller: Caller
    ) async throws(OperationError) -> Channel {
        try require(.admin, of: caller)
        let reason = try reason.map { text throws(OperationError) in try TextRule.label.check(text, "The reason") }
        guard origin != destination else { throw .invalid("A channel cannot be promoted to itself.", hint: nil) }
        let proven = try await channel(origin, of: application, by: caller)
        guard let version = proven.version else {
            throw .invalid("The channel “\(origin)” points at no release yet.", hint: "Set it first.")
        }
        try await requireUnblocked(version, of: application, by: caller)
        let evidence = try await verifiedPayloads(of: version, in: application)
        let target = try await channelToMove(destination, of: application, by: caller)
        return try await moveOrAsk(target, to: version, promotedFrom: origin, evidence, reason, by: caller)
    }

    /// Refused while a group follows it.
    package func deleteChannel(_ name: ChannelName, of application: ApplicationID, by caller: Caller)
        async throws(OperationError)
    {
        try require(.admin, of: caller)
        let object = Self.object(application, name.rawValue)
        try await commit(.deleteChannel(application, name), by: caller, "channel.delete", on: object)
    }

    func channelToMove(_ name: ChannelName, of application: ApplicationID, by caller: Caller)
        async throws(OperationError) -> Channel
    {
        let existing = try await reading { () async throws(FleetStoreError) in
            try await store.channel(name, of: application)
        }
        if let existing { return existing }
        return try await createChannel(name, of: application, by: caller)
    }

    private func moveOrAsk(
        _ channel: Channel, to version: Version, promotedFrom origin: ChannelName?, _ evidence: [VerifiedPayload],
        _ reason: String?, by caller: Caller
    ) async throws(OperationError) -> Channel {
        guard !channel.rules.needsSecondPerson else {
            let request = MoveRequest(
                version: version, previous: channel.version, promotedFrom: origin, by: caller.name,
                principal: caller.principal, at: now, reason: reason)
            return try await requestMove(channel, request, by: caller)
        }
        let action = origin == nil ? "channel.set" : "channel.promote"
        return try await move(channel, to: version, promotedFrom: origin, evidence, action, by: caller) { move in
            move.reason = reason
        }
    }

    /// - Parameter complete: adds why, and by which rule.
    func move(
        _ channel: Channel, to version: Version, promotedFrom origin: ChannelName?, _ evidence: [VerifiedPayload],
        _ action: String, by caller: Caller, _ complete: (inout ChannelMove) -> Void
    ) async throws(OperationError) -> Channel {
        var made = ChannelMove(
            application: channel.application, channel: channel.name, previous: channel.version, version: version,
            promotedFrom: origin, movedBy: caller.name, movedAt: now, evidence: evidence)
        complete(&made)
        let move = made
        let steps = "from \(channel.version?.text ?? "nothing") to \(version)"
        let proof = evidence.map { "\($0.architecture) \($0.sha256)" }.joined(separator: ", ")
        let why = move.reason.map { ", “\($0)”" } ?? ""
        let detail = "\(steps)\(origin.map { ", promoted from \($0)" } ?? "")\(why): \(proof)"
        let object = Self.object(channel.application, channel.name.rawValue)
        try await commit(.moveChannel(move), by: caller, action, on: object, detail)
        return try await self.channel(channel.name, of: channel.application, by: caller)
    }

    /// Reads every payload of a release again.
    /// - Throws: ``OperationError/bitsDiffer(version:architecture:recorded:found:)`` at the first that is not what was
    ///   added.
    func verifiedPayloads(of version: Version, in application: ApplicationID)
        async throws(OperationError) -> [VerifiedPayload]
    {
        let all = try await allPayloads(of: application, version: version)
        guard all.contains(where: { !$0.isDelta }) else {
            throw all.isEmpty ? .releaseHasNoPayloads(version) : .releaseHasOnlyDeltas(version)
        }
        var evidence: [VerifiedPayload] = []
        for payload in all {
            let found = try await payload.isElsewhere ? rehashElsewhere(payload) : rehash(payload.sha256)
            guard found == payload.sha256 else {
                throw .bitsDiffer(
                    version: version, architecture: payload.architecture, recorded: payload.sha256, found: found)
            }
            evidence.append(
                VerifiedPayload(architecture: payload.architecture, sha256: payload.sha256, source: payload.source))
        }
        return evidence
    }

    /// `nil` when the bits are gone.
    private func rehash(_ digest: SHA256Digest) async throws(OperationError) -> SHA256Digest? {
        do throws(PayloadStorageError) {
            return try await payloads.rehash(digest)
        } catch .notFound {
            return nil
        } catch {
            throw .payloads(error)
        }
    }
}
