internal import Synchronization
public import UpdateModel

/// Files elsewhere that are nowhere: for tests, which make, change and lose them.
public final class MemoryRemoteFiles: RemoteFiles {
    private struct Entry {
        let bytes: [UInt8]
        let mark: String?
        /// What a probe says of it.
        let probed: RemoteFile
    }

    private let files = Mutex<[PayloadURL: Entry]>([:])
    private let reads = Mutex<[PayloadURL: Int]>([:])

    public init() {}

    /// `nil` takes the file away.
    public func put(_ bytes: [UInt8]?, mark: String? = nil, at url: PayloadURL) {
        let probed = RemoteFile(size: bytes.map { UInt64($0.count) }, mark: mark)
        files.withLock { $0[url] = bytes.map { Entry(bytes: $0, mark: mark, probed: probed) } }
    }

    /// Puts a file of which a probe tells something else than a reading.
    public func put(_ bytes: [UInt8], mark: String?, probed: RemoteFile, at url: PayloadURL) {
        files.withLock { $0[url] = Entry(bytes: bytes, mark: mark, probed: probed) }
    }

    /// How often the file was read whole.
    public func readCount(_ url: PayloadURL) -> Int { reads.withLock { $0[url] ?? 0 } }

    public func read<Result: Sendable>(
        _ url: PayloadURL, _ body: (RemoteFile, () async throws -> [UInt8]?) async throws -> Result
    ) async throws -> Result {
        let entry = try entry(url)
        reads.withLock { $0[url, default: 0] += 1 }
        var rest = entry.bytes[...]
        return try await body(RemoteFile(size: UInt64(entry.bytes.count), mark: entry.mark)) {
            let piece = rest.prefix(1000)
            rest = rest.dropFirst(piece.count)
            return piece.isEmpty ? nil : Array(piece)
        }
    }

    public func probe(_ url: PayloadURL, expecting size: UInt64) async throws(RemoteFileError) -> RemoteFile {
        try entry(url).probed
    }

    private func entry(_ url: PayloadURL) throws(RemoteFileError) -> Entry {
        guard let entry = files.withLock({ $0[url] }) else {
            throw .unavailable(url, reason: "it answers with status 404")
        }
        return entry
    }
}
