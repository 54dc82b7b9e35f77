import FleetModel
import FleetOperations
import FleetStorage
import PayloadStore
import Synchronization
import UpdateModel

/// A clock that tests move.
final class ManualTime: TimeSource {
    private struct State {
        var moment = Timestamp(microseconds: 1_700_000_000_000_000)
        var uptimeMicroseconds: Int64 = 0
        var boot = "first"
    }

    private let state = Mutex(State())

    func now() -> Timestamp { state.withLock { $0.moment } }

    var mark: ClockMark {
        state.withLock {
            ClockMark(moment: $0.moment, uptimeMicroseconds: $0.uptimeMicroseconds, boot: $0.boot)
        }
    }

    func advance(seconds: Int64) {
        state.withLock { state in
            state.moment = state.moment.adding(seconds: seconds)
            state.uptimeMicroseconds += seconds * 1_000_000
        }
    }

    /// The clock of the machine is set; no time passes.
    func jump(seconds: Int64) { state.withLock { $0.moment = $0.moment.adding(seconds: seconds) } }

    /// The machine is booted anew after so long.
    func reboot(seconds: Int64) {
        state.withLock { state in
            state = State(moment: state.moment.adding(seconds: seconds), boot: state.boot + "'")
        }
    }
}

let os = ApplicationID.flatcar
let admin = Caller(name: "ada", role: .admin)
let publisher = Caller(name: "ci", role: .publisher)
let viewer = Caller(name: "eve", role: .viewer)

/// A server's use cases over memory, with nothing in it but an application.
struct Fixture {
    let store: any FleetStore
    let payloads = MemoryPayloadStore(sizeMaximum: 1 << 20)
    let time = ManualTime()
    let remote = MemoryRemoteFiles()
    let control: FleetControl

    init(store: any FleetStore = MemoryFleetStore()) async throws {
        self.store = store
        control = FleetControl(store: store, payloads: payloads, time: time, remote: remote)
        _ = try await control.createApplication(id: os, name: "OS", by: admin)
    }

    @discardableResult
    func publish(_ text: String, _ architectures: [Architecture] = [.amd64]) async throws -> [Payload] {
        _ = try await control.createRelease(try Version(text), of: os, notes: "", by: publisher)
        var payloads: [Payload] = []
        for architecture in architectures { payloads.append(try await upload(text, architecture)) }
        return payloads
    }

    func upload(
        _ text: String, _ architecture: Architecture = .amd64, bits: String? = nil, expecting: SHA256Digest? = nil,
        from source: String? = nil, starting: SHA256Digest? = nil, making: SHA256Digest? = nil,
        by caller: Caller = publisher
    ) async throws -> Payload {
        let upload = PayloadUpload(
            application: os, version: try Version(text), architecture: architecture, source: try source.map(Version.init),
            fileName: "update.crau", expectedDigest: expecting)
        var chunks = [Array((bits ?? "payload \(text) \(architecture)" + (source ?? "")).utf8)][...]
        return try await control.addPayload(
            upload, by: caller,
            describe: { reader in
                let magic = try await reader.read(at: 0, count: 3)
                guard magic != Array("bad".utf8) else { throw NotAPayload() }
                return PayloadDescription(
                    format: 2, isDelta: source != nil, contentDigest: making, sourceContentDigest: starting)
            }, nextChunk: { chunks.popFirst() })
    }

    /// Adds what lies elsewhere.
    func add(_ text: String, at urls: [PayloadURL], expecting: SHA256Digest? = nil, by caller: Caller = publisher)
        async throws -> Payload
    {
        let upload = PayloadUpload(
            application: os, version: try Version(text), architecture: .amd64, fileName: urls.first?.fileName ?? "",
            expectedDigest: expecting)
        return try await control.addPayload(upload, at: urls, by: caller) { reader in
            guard try await reader.read(at: 0, count: 3) != Array("bad".utf8) else { throw NotAPayload() }
            return PayloadDescription(format: 1, isDelta: false)
        }
    }

    func check(_ id: String, _ version: String = "1.0.0", events: [ReportedEvent] = []) async throws -> CheckInOutcome {
        try await control.checkIn(
            CheckIn(
                application: os, machine: try MachineID(id), track: "stable", version: try Version(version),
                architecture: .amd64, bootID: version, events: events))
    }
}

struct NotAPayload: UserFacingError {
    var userMessage: UserMessage { UserMessage("This is not a payload.", exit: .badData) }
}

extension FleetControl {
    /// - Returns: what it told.
    func followChannels() async throws -> [FollowOutcome] {
        var outcomes: [FollowOutcome] = []
        try await followChannels { outcomes.append($0) }
        return outcomes
    }
}

/// What an act threw.
func refusal(_ body: () async throws -> Void) async -> OperationError? {
    do { try await body() } catch { return error as? OperationError }
    return nil
}
