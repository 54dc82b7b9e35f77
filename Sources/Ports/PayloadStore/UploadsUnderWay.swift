internal import Synchronization
package import UpdateModel

/// The payloads that are on their way in by their digest: two senders of one would write the same file.
package final class UploadsUnderWay: Sendable {
    private let digests = Mutex<Set<SHA256Digest>>([])

    package init() {}

    /// - Throws: ``PayloadStorageError/uploadUnderWay(_:)``.
    package func begin(_ digest: SHA256Digest) throws(PayloadStorageError) {
        guard digests.withLock({ $0.insert(digest).inserted }) else { throw .uploadUnderWay(digest) }
    }

    package func contains(_ digest: SHA256Digest) -> Bool { digests.withLock { $0.contains(digest) } }

    package func end(_ digest: SHA256Digest) { _ = digests.withLock { $0.remove(digest) } }
}

extension PayloadStorageError {
    /// Whether what came may go on from there: the sender broke off or stopped short, or there was no room for the
    /// rest.
    package var leavesPart: Bool {
        switch self {
        case .sourceFailed, .full: true
        case .wrongSize(let declared, let received): received < declared
        default: false
        }
    }
}
