internal import FleetModel
internal import Synchronization
internal import UpdateModel

/// When each copy elsewhere was last looked at, by a count of time that never jumps. A server that starts looks at all of them.
final class ProbeBook: Sendable {
    struct Key: Hashable {
        let application: ApplicationID
        let version: Version
        let architecture: Architecture
        let source: Version?
        let url: PayloadURL

        init(_ payload: Payload, _ mirror: PayloadMirror) {
            application = payload.application
            version = payload.version
            architecture = payload.architecture
            source = payload.source
            url = mirror.url
        }
    }

    /// How often a copy is probed, in seconds: five minutes.
    static let interval: Int64 = 300
    /// The same of one that is in trouble.
    static let troubleInterval: Int64 = 60
    /// How often one that changed is read whole: ten minutes after the last time.
    static let readingInterval: Int64 = 600

    private struct Entry {
        var probed: Int64?
        var read: Int64?
    }

    private let entries = Mutex<[Key: Entry]>([:])

    /// When it was last probed, in microseconds; `nil` for never.
    func lastProbe(_ key: Key) -> Int64? { entries.withLock { $0[key]?.probed } }

    func noteProbe(_ key: Key, at uptime: Int64) { entries.withLock { $0[key, default: Entry()].probed = uptime } }

    /// The same of reading it.
    func lastReading(_ key: Key) -> Int64? { entries.withLock { $0[key]?.read } }

    func mayRead(_ key: Key, at uptime: Int64) -> Bool {
        entries.withLock { entries in
            guard let last = entries[key]?.read else { return true }
            return uptime - last >= Self.readingInterval * 1_000_000
        }
    }

    func noteReading(_ key: Key, at uptime: Int64) { entries.withLock { $0[key, default: Entry()].read = uptime } }

    /// Forgets what is not there any more.
    func keep(_ keys: Set<Key>) { entries.withLock { entries in entries = entries.filter { keys.contains($0.key) } } }
}
