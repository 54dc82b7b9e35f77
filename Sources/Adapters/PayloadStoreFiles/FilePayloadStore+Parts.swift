internal import FoundationEssentials
package import PayloadStore
package import UpdateModel

// Uploads that may go on where they broke off.
extension FilePayloadStore {
    /// What broke off so long ago is removed: seven days.
    private static let partLifetimeSeconds = 7.0 * 86_400
    /// More are not kept: the oldest goes.
    static let partCountMaximum = 16

    package func receive(_ part: UploadPart, nextChunk: () async throws -> [UInt8]?)
        async throws(PayloadStorageError) -> StoredPayload
    {
        if part.declaredSize > sizeMaximum { throw .tooLarge(limit: sizeMaximum) }
        try underWay.begin(part.digest)
        defer { underWay.end(part.digest) }
        let path = partPath(part.digest)
        let kept = try await keptSize(of: part.digest)
        guard part.offset == 0 || part.offset == kept else { throw .wrongOffset(kept: kept) }
        var intake = PayloadIntake(declaredSize: part.declaredSize, sizeMaximum: sizeMaximum)
        do {
            if part.offset == 0 { try await makeRoom() } else { try await read(path, into: &intake) }
            let isNew = part.offset == 0
            return try await fill(&intake, nextChunk) { () throws(PayloadStorageError) in
                guard isNew else { return try LinuxFile.openForAppending(path) }
                _ = try LinuxFile.remove(path)
                return try LinuxFile.create(path)
            }
        } catch {
            // What cannot be removed now goes at a start, or is begun anew.
            if !error.leavesPart { _ = try? await pool.run { () throws(PayloadStorageError) in try LinuxFile.remove(path) } }
            throw error
        }
    }

    package func keptSize(of digest: SHA256Digest) async throws(PayloadStorageError) -> UInt64 {
        let path = partPath(digest)
        return try await pool.run { () throws(PayloadStorageError) in try LinuxFile.open(path)?.size() ?? 0 }
    }

    /// Hashes what came before.
    private func read(_ path: String, into intake: inout PayloadIntake) async throws(PayloadStorageError) {
        let file = try await pool.run { () throws(PayloadStorageError) in try LinuxFile.open(path) }
        while let file {
            let offset = intake.size
            let chunk = try await pool.run { () throws(PayloadStorageError) in
                try file.read(at: offset, count: Self.rehashChunk)
            }
            if chunk.isEmpty { return }
            intake.take(chunk)
        }
    }

    private func partPath(_ digest: SHA256Digest) -> String { "\(directory)/incoming/\(digest.hexadecimal).upload" }

    /// Removes the oldest where there are as many as may be; never one that is on its way in.
    private func makeRoom() async throws(PayloadStorageError) {
        let (incoming, underWay) = ("\(directory)/incoming", underWay)
        try await pool.run { () throws(PayloadStorageError) in
            do {
                let parts = try Self.parts(in: incoming, besides: underWay)
                guard parts.count >= Self.partCountMaximum else { return }
                for part in parts.prefix(parts.count - Self.partCountMaximum + 1) {
                    try FileManager.default.removeItem(atPath: part.path)
                }
            } catch {
                throw PayloadStorageError.failed(doing: "removing old uploads in \(incoming)", reason: "\(error)")
            }
        }
    }

    package func removeOldParts() async throws(PayloadStorageError) -> Int {
        let (incoming, underWay) = ("\(directory)/incoming", underWay)
        return try await pool.run { () throws(PayloadStorageError) in
            do { return try Self.removeOldParts(in: incoming, besides: underWay) } catch {
                throw PayloadStorageError.failed(doing: "removing old uploads in \(incoming)", reason: "\(error)")
            }
        }
    }

    @discardableResult
    static func removeOldParts(in incoming: String, besides underWay: UploadsUnderWay) throws -> Int {
        let old = try parts(in: incoming, besides: underWay).filter {
            -$0.changedAt.timeIntervalSinceNow > partLifetimeSeconds
        }
        for part in old { try FileManager.default.removeItem(atPath: part.path) }
        return old.count
    }

    /// Those that are not on their way in, oldest first.
    private static func parts(in incoming: String, besides underWay: UploadsUnderWay) throws
        -> [(path: String, changedAt: Date)]
    {
        let files = FileManager.default
        return try files.contentsOfDirectory(atPath: incoming)
            .filter { name in
                let digest = SHA256Digest(hexadecimal: name.prefix { $0 != "." })
                return name.hasSuffix(".upload") && digest.map { !underWay.contains($0) } ?? true
            }
            .map { name in
                let path = "\(incoming)/\(name)"
                let changedAt = try files.attributesOfItem(atPath: path)[.modificationDate] as? Date
                return (path, changedAt ?? .distantPast)
            }
            .sorted { $0.changedAt < $1.changedAt }
    }
}
