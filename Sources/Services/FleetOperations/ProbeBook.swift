internal import FleetModel
internal import Synchronization
internal import UpdateModel

/// When each copy elsewhere was last looked at, by a count of time that never jumps. A server that starts looks at all
/// of them.
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
    /// The same of one that is in trouble, or did not answer the last time.
    static let troubleInterval: Int64 = 60
    /// A copy that comes into trouble again and again within a day is looked at more and more seldom while it is in
    /// trouble, up to an hour: so other servers cannot fill the records and wear out machines with what is there one
    /// minute and gone the next.
    static let troubleIntervalMaximum: Int64 = 3600
    private static let daySeconds: Int64 = 86_400
    /// How often one that changed is read whole: ten minutes after the last time.
    static let readingInterval: Int64 = 600
    /// The same of one that is another file and has no name which would tell when it is put right.
    static let blindReadingInterval: Int64 = 3600
    /// So many probes in a row go unanswered before a copy is not offered any more.
    static let failuresMaximum = 2

    private struct Entry {
        var probed: Int64?
        var read: Int64?
        /// Probes in a row that were not answered.
        var failures = 0
        /// How often it came into trouble, with less than a day between, and when last.
        var falls = 0
        var fell: Int64 = 0

        /// Seconds.
        var troubleInterval: Int64 {
            min(ProbeBook.troubleInterval << Int64(min(max(falls - 1, 0), 10)), ProbeBook.troubleIntervalMaximum)
        }
    }

    private let entries = Mutex<[Key: Entry]>([:])

    private func change<Result>(_ key: Key, _ body: (inout Entry) -> Result) -> Result {
        entries.withLock { body(&$0[key, default: Entry()]) }
    }

    /// When it was last probed, in microseconds; `nil` for never.
    func lastProbe(_ key: Key) -> Int64? { entries.withLock { $0[key]?.probed } }

    func mayProbe(_ key: Key, isInTrouble: Bool, at uptime: Int64) -> Bool {
        entries.withLock { entries in
            guard let entry = entries[key], let last = entry.probed else { return true }
            let whileFine = entry.failures > 0 ? Self.troubleInterval : Self.interval
            return uptime - last >= (isInTrouble ? entry.troubleInterval : whileFine) * 1_000_000
        }
    }

    func noteProbe(_ key: Key, at uptime: Int64) { change(key) { $0.probed = uptime } }

    /// It was not asked in the end: it is the first of the next.
    func forgetProbe(_ key: Key) { change(key) { $0.probed = nil } }

    func noteAnswer(_ key: Key) { change(key) { $0.failures = 0 } }

    /// - Returns: how many probes in a row were not answered.
    func noteFailure(_ key: Key) -> Int {
        change(key) { entry in
            entry.failures = min(entry.failures + 1, Self.failuresMaximum)
            return entry.failures
        }
    }

    /// It came into trouble: it was gone, or had to be read again.
    func noteFall(_ key: Key, at uptime: Int64) {
        change(key) { entry in
            let isRecent = uptime - entry.fell < Self.daySeconds * 1_000_000
            entry.falls = entry.falls > 0 && isRecent ? min(entry.falls + 1, 10) : 1
            entry.fell = uptime
        }
    }

    /// When it was last read, in microseconds; `nil` for never.
    func lastReading(_ key: Key) -> Int64? { entries.withLock { $0[key]?.read } }

    /// - Parameter interval: seconds after the last time; more after it came into trouble again and again.
    func mayRead(_ key: Key, after interval: Int64, at uptime: Int64) -> Bool {
        entries.withLock { entries in
            guard let entry = entries[key], let last = entry.read else { return true }
            return uptime - last >= max(interval, entry.troubleInterval) * 1_000_000
        }
    }

    func noteReading(_ key: Key, at uptime: Int64) { change(key) { $0.read = uptime } }

    /// Forgets what is not there any more.
    func keep(_ keys: Set<Key>) { entries.withLock { entries in entries = entries.filter { keys.contains($0.key) } } }
}
