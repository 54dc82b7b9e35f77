public import UpdateModel

/// Keeps the bits of payloads, each named by its SHA-256.
///
/// What was received is durable when `receive` returns. Nothing half-received is ever visible.
public protocol PayloadStorage: Sendable {
    /// Takes a payload in, hashing it on the way; taking the same bits twice changes nothing.
    /// - Parameters:
    ///   - declaredSize: what the sender says it will be, checked against free space before anything is written, and
    ///     against what came.
    ///   - nextChunk: gives the next bytes, and `nil` at the end.
    /// - Throws: ``PayloadStorageError/full(needed:available:reserve:)``, `tooLarge`, `wrongSize`, `sourceFailed`, `failed`.
    func receive(declaredSize: UInt64?, nextChunk: () async throws -> [UInt8]?)
        async throws(PayloadStorageError) -> StoredPayload

    /// The same of a payload whose digest the sender told before: what came of it is kept when the sender breaks off, and
    /// another call takes it up at ``UploadPart/offset``. What was kept is hashed again, so that nothing is believed. A
    /// payload that turns out to have another digest is stored under that, and nothing of it is kept as a part.
    /// - Throws: beside the above ``PayloadStorageError/uploadUnderWay(_:)``, and
    ///   ``PayloadStorageError/wrongOffset(kept:)`` unless exactly so much is kept; 0 begins anew whatever is kept.
    func receive(_ part: UploadPart, nextChunk: () async throws -> [UInt8]?)
        async throws(PayloadStorageError) -> StoredPayload

    /// How much is kept of an upload that broke off; 0 where there is none.
    func keptSize(of digest: SHA256Digest) async throws(PayloadStorageError) -> UInt64

    /// Removes what is kept of uploads that broke off too long ago and are not on their way in now.
    /// - Returns: how many.
    func removeOldParts() async throws(PayloadStorageError) -> Int

    /// - Throws: ``PayloadStorageError/notFound(_:)``.
    func open(_ digest: SHA256Digest) async throws(PayloadStorageError) -> any PayloadReader

    /// Reads the stored bits again, whole, and tells what they hash to now.
    func rehash(_ digest: SHA256Digest) async throws(PayloadStorageError) -> SHA256Digest

    /// Succeeds when there is none.
    func delete(_ digest: SHA256Digest) async throws(PayloadStorageError)
}

/// One stored payload, open for reading any part, by any number of readers at once.
public protocol PayloadReader: Sendable {
    var size: UInt64 { get }
    /// At most `count` bytes from `offset`; fewer only at the end, none beyond it.
    func read(at offset: UInt64, count: Int) async throws(PayloadStorageError) -> [UInt8]
}

/// The rest of a payload that is on its way in.
public struct UploadPart: Hashable, Sendable {
    /// Of the whole payload, as the sender says.
    public let digest: SHA256Digest
    /// Of the whole payload, in bytes.
    public let declaredSize: UInt64
    /// Where this part begins: as much as came before.
    public let offset: UInt64

    public init(digest: SHA256Digest, declaredSize: UInt64, offset: UInt64 = 0) {
        self.digest = digest
        self.declaredSize = declaredSize
        self.offset = offset
    }
}

/// What came in.
public struct StoredPayload: Hashable, Sendable {
    public let sha256: SHA256Digest
    /// In Base64, as Omaha's `hash` attribute wants it.
    public let sha1: String
    public let size: UInt64

    public init(sha256: SHA256Digest, sha1: String, size: UInt64) {
        self.sha256 = sha256
        self.sha1 = sha1
        self.size = size
    }
}
