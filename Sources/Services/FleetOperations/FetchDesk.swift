internal import FleetModel
internal import Synchronization
package import UpdateModel

/// How far a payload is that the server fetches from elsewhere.
package struct FetchProgress: Hashable, Sendable {
    package let url: PayloadURL
    /// Bytes.
    package let received: UInt64
    /// Bytes; `nil` where the other server does not say.
    package let size: UInt64?
}

/// The fetches that are under way: a bounded number, and what each has got.
final class FetchDesk: Sendable {
    /// What a fetch is for.
    struct Key: Hashable {
        let application: ApplicationID
        let version: Version
        let architecture: Architecture
        let source: Version?
    }

    /// At most so many payloads at once.
    static let countMaximum = 4

    private let fetches = Mutex<[Key: FetchProgress]>([:])

    /// ``end(_:)`` is called once after it.
    /// - Parameter url: the first that is read.
    /// - Throws: ``OperationError/fetchUnderWay`` and ``OperationError/fetchesTaken``.
    func begin(_ key: Key, at url: PayloadURL) throws(OperationError) {
        try fetches.withLock { fetches throws(OperationError) in
            guard fetches[key] == nil else { throw .fetchUnderWay }
            guard fetches.count < Self.countMaximum else { throw .fetchesTaken }
            fetches[key] = FetchProgress(url: url, received: 0, size: nil)
        }
    }

    func note(_ progress: FetchProgress, of key: Key) { fetches.withLock { $0[key] = progress } }

    func end(_ key: Key) { fetches.withLock { fetches in _ = fetches.removeValue(forKey: key) } }

    func progress(of key: Key) -> FetchProgress? { fetches.withLock { $0[key] } }
}
