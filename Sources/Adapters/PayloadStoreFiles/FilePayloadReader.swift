internal import PayloadStore
internal import Synchronization
internal import UpdateModel

/// Reads parts of one stored file; any number of readers share one open file.
struct FilePayloadReader: PayloadReader {
    let file: LinuxFile
    let size: UInt64
    let pool: BlockingPool

    /// More than this is never read in one go, whatever was asked for.
    static let chunkMaximum = 4 << 20

    func read(at offset: UInt64, count: Int) async throws(PayloadStorageError) -> [UInt8] {
        guard offset < size, count > 0 else { return [] }
        let wanted = min(count, Int(clamping: size - offset), Self.chunkMaximum)
        let file = file
        return try await pool.run { () throws(PayloadStorageError) in try file.read(at: offset, count: wanted) }
    }
}

/// The files that somebody reads now, so that a thousand readers of one payload need one descriptor.
final class OpenFiles: Sendable {
    private struct Entry {
        weak var file: LinuxFile?
        let size: UInt64
    }

    private let entries = Mutex<[SHA256Digest: Entry]>([:])

    /// `nil` when there is no such file.
    func file(_ digest: SHA256Digest, at path: String) throws(PayloadStorageError) -> (file: LinuxFile, size: UInt64)? {
        let known = entries.withLock { entries -> (file: LinuxFile, size: UInt64)? in
            guard let entry = entries[digest], let file = entry.file else { return nil }
            return (file, entry.size)
        }
        if let known { return known }
        guard let file = try LinuxFile.open(path) else { return nil }
        let size = try file.size()
        entries.withLock { entries in
            entries = entries.filter { $0.value.file != nil }
            entries[digest] = Entry(file: file, size: size)
        }
        return (file, size)
    }

    /// The next reader opens the file anew, because what is under its name changed.
    func forget(_ digest: SHA256Digest) { entries.withLock { $0[digest] = nil } }
}
