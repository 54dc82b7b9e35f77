public import UpdateModel

/// An RSA public key of 2048 to 8192 bits that signatures are checked with.
public struct VerificationKey: Sendable, Hashable {
    /// The key as DER (SubjectPublicKeyInfo), in the one form that libcrypto writes.
    public let bytes: [UInt8]
    public let bitCount: Int

    /// The public key of a PEM text: a `PUBLIC KEY` as openssl writes it, an `RSA PUBLIC KEY`, or the key of a
    /// `CERTIFICATE` (of which neither signature nor dates are looked at: the file itself is what is trusted).
    public init(pem: String) throws(KeyError) {
        let block = try PEMBlock(parsing: pem)
        switch block.label {
        case "PUBLIC KEY": self.init(try NativeKey(publicKeyInfo: block.bytes))
        case "RSA PUBLIC KEY": self.init(try NativeKey(rsaPublicKey: block.bytes))
        case "CERTIFICATE": self.init(try NativeKey(certificate: block.bytes))
        case let label where label.hasSuffix("PRIVATE KEY"): throw .privateKey
        default: throw .unexpectedKind(block.label)
        }
    }

    /// - Throws: ``KeyFileError`` unless the file at `path` is at most 64 KiB with one public key.
    public init(contentsOfFile path: String) throws(KeyFileError) {
        let text = try KeyFile.text(atPath: path)
        do throws(KeyError) {
            self = try VerificationKey(pem: text)
        } catch {
            throw .invalid(path: path, error)
        }
    }

    init(_ key: NativeKey) {
        self.bytes = key.publicKeyInfo
        self.bitCount = key.bitCount
    }

    /// How many bytes each signature by this key has.
    public var modulusByteCount: Int { (bitCount + 7) / 8 }

    /// What people compare: the SHA-256 of the key as DER.
    public var fingerprint: SHA256Digest { StreamDigest.digest(of: bytes) }

    /// The key as a `PUBLIC KEY` in PEM.
    public var pem: String { PEMBlock(label: "PUBLIC KEY", bytes: bytes).text }

    /// Whether `signature` was made over `digest` by the private half of this key.
    ///
    /// Source: RFC 8017, RSASSA-PKCS1-v1_5 with SHA-256, given the digest instead of the message.
    public func verifies(signature: [UInt8], of digest: SHA256Digest) -> Bool {
        guard signature.count == modulusByteCount, let key = try? NativeKey(publicKeyInfo: bytes) else {
            return false  // The bytes were read before; if they cannot be now, nothing is trusted.
        }
        return key.verifies(signature, of: digest)
    }
}
