internal import CLibcrypto
internal import FoundationEssentials

/// The SHA-1 of bytes that arrive piece by piece: a check sum that Omaha clients expect beside the size of a package.
/// It proves nothing about who made the bytes.
///
/// Source: FIPS 180-4.
public struct SHA1StreamDigest: Sendable {
    private var context = SHA_CTX()

    public init() {
        unsafe SHA1_Init(&context)
    }

    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            _ = unsafe SHA1_Update(&context, buffer.baseAddress, buffer.count)
        }
    }

    public mutating func update(_ bytes: [UInt8]) { update(bytes.span) }

    public mutating func update(_ bytes: ArraySlice<UInt8>) { update(bytes.span) }

    /// The 20 bytes of the digest of everything so far. More may follow.
    public func finalized() -> [UInt8] {
        var copy = context
        var bytes = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
        unsafe SHA1_Final(&bytes, &copy)
        return bytes
    }

    /// The digest as the attribute `hash` of an Omaha package spells it: Base64, 28 characters.
    public var base64: String { Data(finalized()).base64EncodedString() }
}
