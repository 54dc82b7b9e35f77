internal import ContentTrust
internal import Synchronization
public import UpdateModel

/// Keeps payloads in memory: for tests and small simulations.
public final class MemoryPayloadStore: PayloadStorage {
    private let files = Mutex<[SHA256Digest: [UInt8]]>([:])
    private let parts = Mutex<[SHA256Digest: [UInt8]]>([:])
    private let underWay = UploadsUnderWay()
    private let sizeMaximum: UInt64

    /// - Parameter sizeMaximum: a larger payload is refused.
    public init(sizeMaximum: UInt64 = 64 << 20) { self.sizeMaximum = sizeMaximum }

    public func receive(declaredSize: UInt64?, nextChunk: () async throws -> [UInt8]?)
        async throws(PayloadStorageError) -> StoredPayload
    {
        if let declaredSize, declaredSize > sizeMaximum { throw .tooLarge(limit: sizeMaximum) }
        var intake = PayloadIntake(declaredSize: declaredSize, sizeMaximum: sizeMaximum)
        var bytes: [UInt8] = []
        while let chunk = try await intake.next(nextChunk) { bytes += chunk }
        let stored = try intake.finish()
        files.withLock { $0[stored.sha256] = bytes }
        return stored
    }

    public func receive(_ part: UploadPart, nextChunk: () async throws -> [UInt8]?)
        async throws(PayloadStorageError) -> StoredPayload
    {
        if part.declaredSize > sizeMaximum { throw .tooLarge(limit: sizeMaximum) }
        try underWay.begin(part.digest)
        defer { underWay.end(part.digest) }
        let kept = parts.withLock { $0[part.digest] ?? [] }
        guard part.offset == 0 || part.offset == UInt64(kept.count) else { throw .wrongOffset(kept: UInt64(kept.count)) }
        var intake = PayloadIntake(declaredSize: part.declaredSize, sizeMaximum: sizeMaximum)
        var bytes = part.offset == 0 ? [] : kept
        intake.take(bytes)
        do {
            while let chunk = try await intake.next(nextChunk) { bytes += chunk }
            let stored = try intake.finish()
            files.withLock { $0[stored.sha256] = bytes }
            parts.withLock { $0[part.digest] = nil }
            return stored
        } catch {
            parts.withLock { $0[part.digest] = error.leavesPart ? bytes : nil }
            throw error
        }
    }

    public func keptSize(of digest: SHA256Digest) async -> UInt64 { UInt64(parts.withLock { $0[digest]?.count } ?? 0) }

    /// Nothing in memory grows old.
    public func removeOldParts() async -> Int { 0 }

    public func open(_ digest: SHA256Digest) async throws(PayloadStorageError) -> any PayloadReader {
        MemoryPayloadReader(bytes: try bytes(digest))
    }

    public func rehash(_ digest: SHA256Digest) async throws(PayloadStorageError) -> SHA256Digest {
        StreamDigest.digest(of: try bytes(digest))
    }

    public func delete(_ digest: SHA256Digest) async { files.withLock { $0[digest] = nil } }

    /// Changes stored bits under their name, as a failing disk would.
    package func damage(_ digest: SHA256Digest) {
        files.withLock { $0[digest]?.append(0) }
    }

    private func bytes(_ digest: SHA256Digest) throws(PayloadStorageError) -> [UInt8] {
        guard let bytes = files.withLock({ $0[digest] }) else { throw .notFound(digest) }
        return bytes
    }
}

private struct MemoryPayloadReader: PayloadReader {
    let bytes: [UInt8]

    var size: UInt64 { UInt64(bytes.count) }

    func read(at offset: UInt64, count: Int) async -> [UInt8] {
        guard let start = Int(exactly: offset), start < bytes.count, count > 0 else { return [] }
        return Array(bytes[start...].prefix(count))
    }
}
