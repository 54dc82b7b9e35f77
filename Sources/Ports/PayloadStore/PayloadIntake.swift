internal import ContentTrust
internal import UpdateModel

/// The hashing and counting that every store does with bytes on their way in.
package struct PayloadIntake {
    package let declaredSize: UInt64?
    let sizeMaximum: UInt64
    package private(set) var size: UInt64 = 0
    private var sha256 = StreamDigest()
    private var sha1 = SHA1StreamDigest()

    package init(declaredSize: UInt64?, sizeMaximum: UInt64) {
        self.declaredSize = declaredSize
        self.sizeMaximum = sizeMaximum
    }

    /// Takes bytes that came before.
    package mutating func take(_ kept: [UInt8]) {
        size += UInt64(kept.count)
        sha256.update(kept)
        sha1.update(kept)
    }

    /// Takes the next chunk from the sender; `nil` at the end.
    /// - Throws: ``PayloadStorageError/tooLarge(limit:)``, `wrongSize` as soon as more came than was declared, and
    ///   `sourceFailed`.
    package mutating func next(_ nextChunk: () async throws -> [UInt8]?)
        async throws(PayloadStorageError) -> [UInt8]?
    {
        let chunk: [UInt8]?
        do { chunk = try await nextChunk() } catch { throw .sourceFailed("\(error)") }
        guard let chunk else { return nil }
        size += UInt64(chunk.count)
        guard size <= sizeMaximum else { throw .tooLarge(limit: sizeMaximum) }
        if let declaredSize, size > declaredSize { throw .wrongSize(declared: declaredSize, received: size) }
        sha256.update(chunk)
        sha1.update(chunk)
        return chunk
    }

    /// - Throws: ``PayloadStorageError/wrongSize(declared:received:)`` when less came than was declared.
    package func finish() throws(PayloadStorageError) -> StoredPayload {
        if let declaredSize, size != declaredSize { throw .wrongSize(declared: declaredSize, received: size) }
        return StoredPayload(sha256: sha256.finalized(), sha1: sha1.base64, size: size)
    }
}
