internal import CLibcrypto
public import UpdateModel

/// The SHA-256 of bytes that arrive piece by piece.
///
/// A value: a copy goes its own way. What has been hashed so far can be saved and taken up by another process, see
/// ``savedState``.
///
/// Source: FIPS 180-4.
public struct StreamDigest: Sendable {
    var context = SHA256_CTX()

    public init() {
        unsafe SHA256_Init(&context)
    }

    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            _ = unsafe SHA256_Update(&context, buffer.baseAddress, buffer.count)
        }
    }

    public mutating func update(_ bytes: [UInt8]) { update(bytes.span) }

    public mutating func update(_ bytes: ArraySlice<UInt8>) { update(bytes.span) }

    /// The digest of everything so far. More may follow.
    public func finalized() -> SHA256Digest {
        var copy = context
        var bytes = [UInt8](repeating: 0, count: SHA256Digest.byteCount)
        unsafe SHA256_Final(&bytes, &copy)
        guard let digest = SHA256Digest(bytes: bytes) else { preconditionFailure("A SHA-256 has 32 bytes.") }
        return digest
    }

    public static func digest(of bytes: [UInt8]) -> SHA256Digest { digest(of: bytes[...]) }

    public static func digest(of bytes: ArraySlice<UInt8>) -> SHA256Digest {
        var stream = StreamDigest()
        stream.update(bytes)
        return stream.finalized()
    }
}
