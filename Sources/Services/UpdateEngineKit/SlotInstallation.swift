import Dispatch
import UpdateModel

/// Runs a ``SlotWriter`` on a thread of its own, where blocking harms nobody.
final class SlotInstallation: Sendable {
    private let queue = DispatchQueue(label: "martlet.installation")
    /// Touched on `queue` only, which runs one block after another.
    private nonisolated(unsafe) let writer: SlotWriter

    /// What an installation has come to know by its end, good or bad.
    struct Findings: Sendable {
        /// The content that was refused because it has failed here before.
        var heldContent: SHA256Digest?
        /// Whether an earlier attempt's work was gone on with.
        var isResumed: Bool
    }

    init(_ plan: InstallationPlan, host: EngineHost) {
        unsafe self.writer = SlotWriter(plan, host: host)
    }

    /// - Parameter isAnew: forgets what an earlier attempt wrote.
    /// - Returns: where in the payload to go on.
    func begin(isAnew: Bool) async throws -> DownloadStart {
        try await onQueue { writer in
            let offsetBytes = isAnew ? try writer.beginAnew() : try writer.begin()
            return DownloadStart(
                offsetBytes: offsetBytes, digest: writer.arrivedDigest, boundBytes: writer.boundBytes)
        }
    }

    /// What came of bytes that were taken.
    struct Taking: Sendable {
        /// Up to which byte the payload may be fetched now.
        var boundBytes: UInt64
        /// Before anything is written the slot is to be given up: then ``SlotInstallation/openTargets()``.
        var awaitsSlot: Bool
    }

    func consume(_ bytes: [UInt8]) async throws -> Taking {
        try await onQueue { writer in
            try writer.consume(bytes)
            if writer.awaitsSlot { try writer.checkTargets() }
            return Taking(boundBytes: writer.boundBytes, awaitsSlot: writer.awaitsSlot)
        }
    }

    /// The slot has been given up.
    /// - Returns: up to which byte the payload may be fetched now.
    func openTargets() async throws -> UInt64 {
        try await onQueue { writer in
            try writer.openTargets()
            return writer.boundBytes
        }
    }

    /// - Returns: the digest of what the slot now holds.
    func finish() async throws -> SHA256Digest {
        try await onQueue { writer in try writer.finish() }
    }

    func abandon() async {
        try? await onQueue { writer in writer.abandon() }  // Throws nothing.
    }

    func findings() async -> Findings {
        let found = try? await onQueue { writer in  // Throws nothing.
            Findings(heldContent: writer.heldContent, isResumed: writer.isResumed)
        }
        return found ?? Findings(heldContent: nil, isResumed: false)
    }

    private func onQueue<Value: Sendable>(
        _ work: @escaping @Sendable (SlotWriter) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                continuation.resume(with: Result { unsafe try work(writer) })
            }
        }
    }
}
