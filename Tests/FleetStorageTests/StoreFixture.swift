import FleetModel
import FleetStorage
import FleetStorageSQLite
import FoundationEssentials
import UpdateModel

/// The stores that keep the contract.
enum StoreKind: CaseIterable, Sendable {
    case memory, sqlite

    /// Runs `body` on an empty store.
    func withStore(
        limits: FleetStoreLimits = FleetStoreLimits(), _ body: (any FleetStore) async throws -> Void
    ) async throws {
        switch self {
        case .memory: try await body(MemoryFleetStore(limits: limits))
        case .sqlite:
            try await withTemporaryDirectory { directory in
                let store = try SQLiteFleetStore(path: "\(directory)/fleet.db", limits: limits)
                try await body(store)
                try store.close()
            }
        }
    }
}

func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    let files = FileManager.default
    let directory = files.temporaryDirectory.appending(path: "fleet-\(UUID().uuidString)").path
    try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
    do { try await body(directory) } catch {
        try? files.removeItem(atPath: directory)
        throw error
    }
    try files.removeItem(atPath: directory)
}

let os = ApplicationID.flatcar
let start = Timestamp(microseconds: 1_700_000_000_000_000)

extension Timestamp {
    static func after(_ seconds: Int64) -> Timestamp { start.adding(seconds: seconds) }
}

func audit(_ action: String = "test") -> AuditEntry {
    AuditEntry(at: start, actor: "tester", action: action, object: "thing", detail: "")
}

func digest(_ text: String) throws -> SHA256Digest {
    let bytes = Array(text.utf8) + [UInt8](repeating: 0, count: 32)
    guard let digest = SHA256Digest(bytes: bytes.prefix(32)) else { throw CancellationError() }
    return digest
}

func makePayload(
    _ version: String, _ architecture: Architecture = .amd64, from source: String? = nil
) throws -> Payload {
    Payload(
        application: os, version: try Version(version), architecture: architecture,
        source: try source.map { try Version($0) },
        sha256: try digest(version + architecture.name + (source ?? "")), sha1: "c2hhMQ==", size: 12_345, fileName: "update.gz",
        format: 2, contentDigest: try digest("makes " + version), addedAt: start)
}

extension FleetStore {
    func commit(_ change: FleetChange) async throws { try await commit(change, audit: audit()) }

    func addRelease(_ text: String, _ architectures: [Architecture] = [.amd64]) async throws {
        let version = try Version(text)
        try await commit(.createRelease(Release(application: os, version: version, notes: "", createdAt: start)))
        for architecture in architectures { try await commit(.addPayload(try makePayload(text, architecture))) }
    }

    func setChannel(_ name: String = "stable", to text: String) async throws {
        let current = try await channel(try ChannelName(name), of: os)
        let all = try await payloads(of: os, version: try Version(text), .first).items
        let move = ChannelMove(
            application: os, channel: try ChannelName(name), previous: current?.version,
            version: try Version(text), promotedFrom: nil, movedBy: "tester", movedAt: start,
            evidence: all.map { VerifiedPayload(architecture: $0.architecture, sha256: $0.sha256) })
        try await commit(.moveChannel(move))
    }

    func makeChannel(_ name: String) async throws {
        let channel = Channel(application: os, name: try ChannelName(name), version: nil, changedAt: start)
        try await commit(.createChannel(channel))
    }

    func makeGroup(_ name: String, track: String, channel: String = "stable", _ policy: RolloutPolicy = RolloutPolicy())
        async throws
    {
        let group = Group(
            application: os, name: try GroupName(name), track: try Track(track),
            channel: try ChannelName(channel), policy: policy, createdAt: start)
        try await commit(.createGroup(group))
    }

    /// Application, channel `stable` at 2.0.0, group `web` on track `stable`.
    func furnish(_ policy: RolloutPolicy = RolloutPolicy()) async throws {
        try await commit(.createApplication(Application(id: os, name: "OS", createdAt: start)))
        try await addRelease("2.0.0")
        try await makeChannel("stable")
        try await setChannel(to: "2.0.0")
        try await makeGroup("web", track: "stable", policy)
    }

    @discardableResult
    func check(
        _ id: String, _ version: String = "1.0.0", track: String = "stable", boot: String = "b1",
        events: [ReportedEvent] = [], asks: Bool = true, at seconds: Int64 = 0
    ) async throws -> CheckInOutcome {
        try await checkIn(
            CheckIn(
                application: os, machine: try MachineID(id), track: track, version: try Version(version),
                architecture: .amd64, bootID: boot, events: events, asksForUpdate: asks,
                receivedAt: .after(seconds)))
    }

    func web() async throws -> Group {
        guard let group = try await group(try GroupName("web"), of: os) else { throw CancellationError() }
        return group
    }

    func rollout(_ version: String, group: String = "web") async throws -> RolloutState? {
        try await rollout(
            RolloutID(application: os, group: try GroupName(group), version: try Version(version)))
    }

    func show(_ id: String) async throws -> Machine? { try await machine(try MachineID(id), of: os) }
}

extension CheckInOutcome {
    var isOffer: Bool { if case .offer = decision { true } else { false } }
    var hold: HoldReason? { if case .hold(let reason, _) = decision { reason } else { nil } }
}
