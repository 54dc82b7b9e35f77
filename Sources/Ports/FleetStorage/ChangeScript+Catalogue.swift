package import FleetModel
internal import UpdateModel

// Applications, releases, payloads.
extension ChangeScript {
    func runCatalogue(on store: inout some FleetTransaction) throws {
        switch change {
        case .createApplication(let application, let channels): try create(application, channels, on: &store)
        case .updateApplication(let application): try update(application, on: &store)
        case .deleteApplication(let id): try deleteApplication(id, on: &store)
        case .createRelease(let release): try create(release, on: &store)
        case .updateRelease(let release): try update(release, on: &store)
        case .blockRelease(let application, let version, let block): try put(block, on: version, application, &store)
        case .setFloor(let application, let version, let floor): try put(floor, on: version, application, &store)
        case .deleteRelease(let application, let version): try deleteRelease(version, application, on: &store)
        case .addPayload(let payload): try add(payload, on: &store)
        case .deletePayload(let application, let version, let architecture, let source):
            try deletePayload(application, version, architecture, source, on: &store)
        case .changeMirror(let application, let version, let architecture, let source, let previous, let mirror):
            var payload = try payload(application, version, architecture, source, on: &store)
            guard let index = payload.mirrors.firstIndex(of: previous) else {
                throw FleetStoreError.changed(.payload, previous.url.text)
            }
            payload.mirrors[index] = mirror
            try store.replaceMirrors(of: payload)
        default: break
        }
    }

    private func create(
        _ application: Application, _ channels: [ChannelName], on store: inout some FleetTransaction
    ) throws {
        let id = application.id
        try refuse(store.application(id) != nil, .alreadyExists(.application, id.text))
        try refuse(store.application(named: application.name) != nil, .alreadyExists(.application, application.name))
        try store.put(application)
        for name in channels {
            try store.put(Channel(application: id, name: name, version: nil, changedAt: application.createdAt))
        }
    }

    private func update(_ application: Application, on store: inout some FleetTransaction) throws {
        try requireApplication(application.id, on: &store)
        if let other = try store.application(named: application.name) {
            try refuse(other.id != application.id, .alreadyExists(.application, application.name))
        }
        try store.put(application)
    }

    private func deleteApplication(_ id: ApplicationID, on store: inout some FleetTransaction) throws {
        try requireApplication(id, on: &store)
        if let noun = try store.firstContent(of: id) {
            throw FleetStoreError.inUse(.application, id.text, by: "at least one \(noun.rawValue)")
        }
        try store.removeApplication(id)
    }

    private func create(_ release: Release, on store: inout some FleetTransaction) throws {
        try requireApplication(release.application, on: &store)
        let existing = try store.release(release.version, of: release.application)
        try refuse(existing != nil, .alreadyExists(.release, release.version.text))
        var release = release
        release.block = try store.blockRecord(of: release.version, in: release.application)?.block
        try store.put(release)
    }

    private func update(_ release: Release, on store: inout some FleetTransaction) throws {
        guard var existing = try store.release(release.version, of: release.application) else {
            throw FleetStoreError.notFound(.release, release.version.text)
        }
        existing.notes = release.notes
        try store.put(existing)
    }

    private func put(
        _ block: ReleaseBlock?, on version: Version, _ id: ApplicationID, _ store: inout some FleetTransaction
    ) throws {
        guard var release = try store.release(version, of: id) else {
            throw FleetStoreError.notFound(.release, version.text)
        }
        let isSame = (release.block == nil) == (block == nil)
        try refuse(isSame, .conflict("Release \(version) is \(block == nil ? "not blocked" : "blocked already")."))
        release.block = block
        try store.put(release)
        guard let block else { return try store.removeBlockRecord(of: version, in: id) }
        let digests = Set(try store.payloads(of: version, in: id).flatMap(\.digests))
        try store.put(BlockRecord(version: version, block: block, digests: digests), in: id)
    }

    private func put(
        _ floor: ReleaseFloor?, on version: Version, _ id: ApplicationID, _ store: inout some FleetTransaction
    ) throws {
        guard var release = try store.release(version, of: id) else {
            throw FleetStoreError.notFound(.release, version.text)
        }
        try refuse(floor == nil && release.floor == nil, .conflict("Release \(version) is no floor."))
        for channel in floor?.channels ?? [] {
            try refuse(store.channel(channel, of: id) == nil, .notFound(.channel, channel.rawValue))
        }
        let isFull = try release.floor == nil && store.floors(of: id).count >= ReleaseFloor.countMaximum
        try refuse(
            isFull, .conflict("The application has \(ReleaseFloor.countMaximum) floors, which is as many as may be."))
        release.floor = floor
        try store.put(release)
    }

    /// A floor is on offer as much as what a channel points at.
    private func refuseFloor(
        _ version: Version, _ id: ApplicationID, _ noun: FleetStoreError.Noun, _ name: String,
        on store: inout some FleetTransaction
    ) throws {
        let isFloor = try store.release(version, of: id)?.floor != nil
        try refuse(isFloor, .inUse(noun, name, by: "machines below it: it is a floor"))
    }

    private func deleteRelease(_ version: Version, _ id: ApplicationID, on store: inout some FleetTransaction) throws {
        try refuse(store.release(version, of: id) == nil, .notFound(.release, version.text))
        if let channel = try store.firstChannel(at: version, of: id) {
            throw FleetStoreError.inUse(.release, version.text, by: "the channel “\(channel)”")
        }
        try refuseFloor(version, id, .release, version.text, on: &store)
        let count = try store.payloads(of: version, in: id).count
        try refuse(count > 0, .inUse(.release, version.text, by: count == 1 ? "a payload" : "\(count) payloads"))
        try store.removeRelease(version, of: id)
    }

    private func add(_ payload: Payload, on store: inout some FleetTransaction) throws {
        let existing = try store.release(payload.version, of: payload.application)
        try refuse(existing == nil, .notFound(.release, payload.version.text))
        let other = try store.payloads(of: payload.version, in: payload.application).first {
            $0.architecture == payload.architecture && $0.source == payload.source
        }
        if let other { throw FleetStoreError.alreadyExists(.payload, other.summary) }
        try keepBlocked(payload, on: &store)
        try store.put(payload)
    }

    /// Bits that are blocked come in under no other version; those that a blocked release gets are blocked with it.
    private func keepBlocked(_ payload: Payload, on store: inout some FleetTransaction) throws {
        let records = try store.blockRecords(of: payload.application)
        let twin = records.first { $0.version != payload.version && !$0.digests.isDisjoint(with: payload.digests) }
        if let twin {
            throw FleetStoreError.conflict(
                "These are the bits of \(twin.version), which was blocked by \(twin.block.by): \(twin.block.reason)")
        }
        guard var own = records.first(where: { $0.version == payload.version }) else { return }
        own.digests.formUnion(payload.digests)
        try store.put(own, in: payload.application)
    }

    private func deletePayload(
        _ id: ApplicationID, _ version: Version, _ architecture: Architecture, _ source: Version?,
        on store: inout some FleetTransaction
    ) throws {
        let name = "\(version) \(architecture)"
        let match = try payload(id, version, architecture, source, on: &store)
        if let channel = try store.firstChannel(at: version, of: id) {
            throw FleetStoreError.inUse(.payload, name, by: "the channel “\(channel)”")
        }
        try refuseFloor(version, id, .payload, name, on: &store)
        try store.remove(match)
    }

    private func payload(
        _ id: ApplicationID, _ version: Version, _ architecture: Architecture, _ source: Version?,
        on store: inout some FleetTransaction
    ) throws -> Payload {
        let match = try store.payloads(of: version, in: id).first {
            $0.architecture == architecture && $0.source == source
        }
        guard let match else { throw FleetStoreError.notFound(.payload, "\(version) \(architecture)") }
        return match
    }
}

extension Payload {
    /// Tells one payload of a release from the others, for messages.
    package var summary: String {
        let kind = source.map { "delta from \($0)" } ?? "full"
        return "\(version) \(architecture), \(kind), format \(format), “\(fileName)”, SHA-256 \(sha256)"
    }
}
