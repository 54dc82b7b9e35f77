internal import ContentTrust
internal import FoundationEssentials
package import PayloadStore
internal import Synchronization
package import UpdateModel

/// Keeps payloads as files named by their digest.
///
/// ```text
/// DIRECTORY/incoming/<random>.part     on its way in; removed at the next start
/// DIRECTORY/incoming/3f9c….upload      on its way in, or what came before the sender broke off; may go on for seven days
/// DIRECTORY/3f/3f9c…                   whole, synced, renamed into place
/// ```
package final class FilePayloadStore: PayloadStorage {
    let directory: String
    let sizeMaximum: UInt64
    private let reserve: UInt64
    private let freeBytes: (@Sendable (String) -> UInt64)?
    let pool = BlockingPool()
    let underWay = UploadsUnderWay()
    /// Bytes that uploads under way have announced and not yet written.
    private let promised = Mutex<UInt64>(0)
    private let openFiles = OpenFiles()

    /// How much comes in between two looks at the free space when the sender announced no length.
    private static let spaceCheckInterval: UInt64 = 16 << 20
    static let rehashChunk = 1 << 20

    /// Makes the directory where there is none, and removes what earlier uploads left behind.
    /// - Parameters:
    ///   - sizeMaximum: bytes; a larger payload is refused.
    ///   - reserve: bytes to leave free, because the database may live on the same file system.
    ///   - freeBytes: tells the free space at a path; tests give their own.
    /// - Throws: ``PayloadStorageError/failed(doing:reason:)``.
    package init(
        directory: String, sizeMaximum: UInt64 = 16 << 30, reserve: UInt64 = 64 << 20,
        freeBytes: (@Sendable (String) -> UInt64)? = nil
    ) throws(PayloadStorageError) {
        self.directory = directory
        self.sizeMaximum = sizeMaximum
        self.reserve = reserve
        self.freeBytes = freeBytes
        let incoming = "\(directory)/incoming"
        do {
            let files = FileManager.default
            try files.createDirectory(atPath: incoming, withIntermediateDirectories: true)
            for name in try files.contentsOfDirectory(atPath: incoming) where name.hasSuffix(".part") {
                try files.removeItem(atPath: "\(incoming)/\(name)")
            }
            try Self.removeOldParts(in: incoming, besides: underWay)
        } catch {
            throw .failed(doing: "preparing \(directory)", reason: "\(error)")
        }
    }

    package func receive(declaredSize: UInt64?, nextChunk: () async throws -> [UInt8]?)
        async throws(PayloadStorageError) -> StoredPayload
    {
        if let declaredSize, declaredSize > sizeMaximum { throw .tooLarge(limit: sizeMaximum) }
        var intake = PayloadIntake(declaredSize: declaredSize, sizeMaximum: sizeMaximum)
        let temporary = "\(directory)/incoming/\(UUID().uuidString.lowercased()).part"
        do {
            return try await fill(&intake, nextChunk) { () throws(PayloadStorageError) in
                try LinuxFile.create(temporary)
            }
        } catch {
            // The upload failed already; what cannot be removed now goes at the next start.
            _ = try? await pool.run { () throws(PayloadStorageError) in try LinuxFile.remove(temporary) }
            throw error
        }
    }

    /// Sets the space aside, opens the file, writes to it what comes, and puts it in its place.
    func fill(
        _ intake: inout PayloadIntake, _ nextChunk: () async throws -> [UInt8]?,
        into open: @escaping @Sendable () throws(PayloadStorageError) -> LinuxFile
    ) async throws(PayloadStorageError) -> StoredPayload {
        var outstanding = intake.declaredSize.map { $0 - min($0, intake.size) } ?? 0
        try promise(outstanding)
        defer { release(outstanding) }
        let file = try await pool.run { () throws(PayloadStorageError) in try open() }
        var nextCheck = intake.size + Self.spaceCheckInterval
        while let chunk = try await intake.next(nextChunk) {
            if intake.declaredSize == nil, intake.size >= nextCheck {
                try promise(0)
                nextCheck = intake.size + Self.spaceCheckInterval
            }
            try await pool.run { () throws(PayloadStorageError) in try file.write(chunk) }
            let kept = min(outstanding, UInt64(chunk.count))
            release(kept)
            outstanding -= kept
        }
        let stored = try intake.finish()
        try await publish(file, stored.sha256)
        return stored
    }

    package func open(_ digest: SHA256Digest) async throws(PayloadStorageError) -> any PayloadReader {
        let path = path(of: digest)
        let openFiles = openFiles
        let file = try await pool.run { () throws(PayloadStorageError) in try openFiles.file(digest, at: path) }
        guard let file else { throw .notFound(digest) }
        return FilePayloadReader(file: file.file, size: file.size, pool: pool)
    }

    package func rehash(_ digest: SHA256Digest) async throws(PayloadStorageError) -> SHA256Digest {
        let path = path(of: digest)
        let file = try await pool.run { () throws(PayloadStorageError) in try LinuxFile.open(path) }
        guard let file else { throw .notFound(digest) }
        file.forgetCachedPages()
        var stream = StreamDigest()
        var offset: UInt64 = 0
        while true {
            let start = offset
            let chunk = try await pool.run { () throws(PayloadStorageError) in
                try file.read(at: start, count: Self.rehashChunk)
            }
            if chunk.isEmpty { return stream.finalized() }
            stream.update(chunk)
            offset += UInt64(chunk.count)
        }
    }

    package func delete(_ digest: SHA256Digest) async throws(PayloadStorageError) {
        let path = path(of: digest)
        let shard = shard(of: digest)
        openFiles.forget(digest)
        try await pool.run { () throws(PayloadStorageError) in
            if try LinuxFile.remove(path) { try LinuxFile.synchronizeDirectory(shard) }
        }
    }

    private func publish(_ file: LinuxFile, _ digest: SHA256Digest) async throws(PayloadStorageError) {
        let path = path(of: digest)
        let shard = shard(of: digest)
        let directory = directory
        try await pool.run { () throws(PayloadStorageError) in
            try file.synchronize()
            if try LinuxFile.makeDirectory(shard) { try LinuxFile.synchronizeDirectory(directory) }
            try LinuxFile.rename(file.path, to: path)
            try LinuxFile.synchronizeDirectory(shard)
        }
        openFiles.forget(digest)
    }

    private func shard(of digest: SHA256Digest) -> String { "\(directory)/\(digest.hexadecimal.prefix(2))" }

    private func path(of digest: SHA256Digest) -> String { "\(shard(of: digest))/\(digest.hexadecimal)" }
}

// Free space.
extension FilePayloadStore {
    /// Sets space aside for an upload.
    /// - Throws: ``PayloadStorageError/full(needed:available:reserve:)``.
    private func promise(_ bytes: UInt64) throws(PayloadStorageError) {
        let free = if let freeBytes { freeBytes(directory) } else { try LinuxFile.freeBytes(at: directory) }
        let isGranted = promised.withLock { promised in
            let (wanted, overflows) = promised.addingReportingOverflow(bytes)
            let (needed, overflowsToo) = wanted.addingReportingOverflow(reserve)
            guard !overflows, !overflowsToo, needed <= free else { return false }
            promised = wanted
            return true
        }
        let available = free > reserve ? free - reserve : 0
        guard isGranted else { throw .full(needed: bytes, available: available, reserve: reserve) }
    }

    /// Gives back what was set aside, because it is written by now or will not be.
    private func release(_ bytes: UInt64) {
        promised.withLock { $0 -= min($0, bytes) }
    }
}
