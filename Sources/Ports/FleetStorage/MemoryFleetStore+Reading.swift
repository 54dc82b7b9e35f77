public import FleetModel
internal import RolloutPlanning
public import UpdateModel

extension MemoryFleetStore {
    public func applications(_ page: PageRequest) async -> Page<Application> {
        read { $0.applications.values.sorted { $0.name < $1.name }.page(page) }
    }

    public func application(_ id: ApplicationID) async -> Application? { read { $0.application(id) } }

    public func application(named name: String) async -> Application? { read { $0.application(named: name) } }

    public func releases(of application: ApplicationID, _ page: PageRequest) async -> Page<Release> {
        read { state in
            state.releases.values.filter { $0.application == application }
                .sorted { ($1.createdAt, $1.version.text) < ($0.createdAt, $0.version.text) }.page(page)
        }
    }

    public func release(_ version: Version, of application: ApplicationID) async -> Release? {
        read { $0.release(version, of: application) }
    }

    public func floors(of application: ApplicationID) async -> [Release] { read { $0.floors(of: application) } }

    public func payloads(of application: ApplicationID, version: Version?, _ page: PageRequest) async -> Page<Payload> {
        read { state in
            state.payloads.values.filter { $0.application == application && (version == nil || $0.version == version) }
                .sorted { left, right in
                    if left.version != right.version { return left.version.text < right.version.text }
                    return Payload.standsBefore(left, right)
                }.page(page)
        }
    }

    public func payload(withDigest digest: SHA256Digest) async -> Payload? {
        read { $0.payloads.values.first { $0.sha256 == digest && !$0.isElsewhere } }
    }

    public func payloadsElsewhere(of application: ApplicationID?, _ page: PageRequest) async -> Page<Payload> {
        read { state in
            state.payloads.values.filter { $0.isElsewhere && (application == nil || $0.application == application) }
                .sorted { left, right in
                    if left.isAvailable != right.isAvailable { return right.isAvailable }
                    if left.troubleCount != right.troubleCount { return left.troubleCount > right.troubleCount }
                    if left.application != right.application {
                        return left.application.canonical < right.application.canonical
                    }
                    if left.version != right.version { return left.version.text < right.version.text }
                    return Payload.standsBefore(left, right)
                }.page(page)
        }
    }

    public func channels(of application: ApplicationID, _ page: PageRequest) async -> Page<Channel> {
        read { state in
            state.channels(of: application).page(page)
        }
    }

    public func channel(_ name: ChannelName, of application: ApplicationID) async -> Channel? {
        read { $0.channel(name, of: application) }
    }

    public func channelMoves(of application: ApplicationID, channel: ChannelName?, _ page: PageRequest)
        async -> Page<ChannelMove>
    {
        read { state in
            state.moves.filter { $0.application == application && (channel == nil || $0.channel == channel) }
                .reversed().page(page)
        }
    }

    public func groups(of application: ApplicationID, _ page: PageRequest) async -> Page<Group> {
        read { state in
            state.groups(of: application).page(page)
        }
    }

    public func group(_ name: GroupName, of application: ApplicationID) async -> Group? {
        read { $0.group(name, of: application) }
    }

    public func downloads(of group: GroupName, in application: ApplicationID) async -> DownloadMeter? {
        read { $0.downloads(of: group, in: application) }
    }

    public func privateGroups(of application: ApplicationID) async -> [Group] {
        read { $0.groups(of: application).filter(\.isPrivate) }
    }

    public func applications(withPayload digest: SHA256Digest) async -> [ApplicationID] {
        read { state in
            let all = Set(state.payloads.values.filter { $0.sha256 == digest }.map(\.application))
            return Array(all.sorted { $0.canonical < $1.canonical }.prefix(16))
        }
    }

    public func payloadKey(orKeeping fresh: [UInt8]) async throws(FleetStoreError) -> [UInt8] {
        try write { state in
            let key = state.payloadKey ?? fresh
            state.payloadKey = key
            return key
        }
    }

    public func rollout(_ id: RolloutID) async -> RolloutState? { read { $0.rollout(id) } }

    public func rollouts(of group: GroupName, in application: ApplicationID, _ page: PageRequest)
        async -> Page<RolloutState>
    {
        read { state in
            state.rollouts.values.filter { $0.id.application == application && $0.id.group == group }
                .sorted { $0.id.version.text < $1.id.version.text }.page(page)
        }
    }

    public func record(of version: Version, in application: ApplicationID, channel: ChannelName?)
        async throws(FleetStoreError) -> ReleaseRecord
    {
        try write { try $0.record(of: version, in: application, channel: channel) }
    }

    public func census(of group: GroupName, in application: ApplicationID) async -> GroupCensus {
        read { state in
            var census = GroupCensus()
            for (key, count) in state.census where key.application == application && key.group == group {
                census.add(key.dimension, key.value, count: count)
            }
            let common = census.versions.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            let shown = common.prefix(GroupCensus.versionsMaximum).map { ($0.key, $0.value) }
            census.versions = Dictionary(shown, uniquingKeysWith: +)
            return census
        }
    }

    public func machines(_ filter: MachineFilter, _ page: PageRequest) async -> Page<Machine> {
        read { state in
            state.machines.values.filter(filter.matches).sorted { left, right in
                (left.application.canonical, left.id.rawValue) < (right.application.canonical, right.id.rawValue)
            }.page(page)
        }
    }

    public func machine(_ id: MachineID, of application: ApplicationID) async -> Machine? {
        read { $0.machine(id, of: application) }
    }

    public func events(_ filter: EventFilter, _ page: PageRequest) async -> Page<MachineEvent> {
        read { state in
            let all = state.events.reversed().filter(filter.matches).page(page)
            return Page(items: all.items, total: min(all.total, EventFilter.countMaximum))
        }
    }

    public func tokens(_ page: PageRequest) async -> Page<AccessToken> {
        read { $0.tokens.values.sorted { ($0.name, $0.id.rawValue) < ($1.name, $1.id.rawValue) }.page(page) }
    }

    public func token(_ id: AccessTokenID) async -> AccessToken? { read { $0.token(id) } }

    public func auditEntries(_ page: PageRequest) async -> Page<AuditEntry> {
        read { $0.audit.reversed().page(page) }
    }
}

extension MachineFilter {
    func matches(_ machine: Machine) -> Bool {
        (application == nil || machine.application == application) && (group == nil || machine.group == group)
            && (stage == nil || machine.stage == stage) && (version == nil || machine.version == version)
            && (hold == nil || machine.hold == hold) && (!isClone || machine.clone != nil)
    }
}

extension EventFilter {
    func matches(_ event: MachineEvent) -> Bool {
        (application == nil || event.application == application) && (machine == nil || event.machine == machine)
            && (group == nil || event.group == group)
    }
}

extension Collection where Element: Sendable {
    func page(_ request: PageRequest) -> Page<Element> {
        Page(items: Array(dropFirst(request.offset).prefix(request.limit)), total: count)
    }
}
