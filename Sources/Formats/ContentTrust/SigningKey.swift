public import UpdateModel

/// An RSA private key of 2048 to 8192 bits. Nothing about it can be printed but what ``privatePEM`` is asked for.
public struct SigningKey: Sendable {
    /// The lengths that new keys may have.
    public enum Length: Int32, Sendable, CaseIterable {
        case bits2048 = 2048
        case bits3072 = 3072
        case bits4096 = 4096
    }

    public let verificationKey: VerificationKey
    private let key: NativeKey

    /// The private key of a PEM text: `PRIVATE KEY` (PKCS #8) or `RSA PRIVATE KEY` (PKCS #1), without a passphrase.
    public init(pem: String) throws(KeyError) {
        let block = try PEMBlock(parsing: pem)
        switch block.label {
        case "PRIVATE KEY", "RSA PRIVATE KEY": try self.init(NativeKey(privateKey: block.bytes))
        case "EC PRIVATE KEY", "DSA PRIVATE KEY": throw .notRSA
        case "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE": throw .publicKey
        default: throw .unexpectedKind(block.label)
        }
    }

    /// - Throws: ``KeyFileError`` unless the file at `path` is at most 64 KiB with one private key.
    public init(contentsOfFile path: String) throws(KeyFileError) {
        let text = try KeyFile.text(atPath: path)
        do throws(KeyError) {
            self = try SigningKey(pem: text)
        } catch {
            throw .invalid(path: path, error)
        }
    }

    private init(_ key: NativeKey) {
        self.key = key
        self.verificationKey = VerificationKey(key)
    }

    /// A new key. The longest takes some seconds.
    public static func generate(_ length: Length) throws(KeyError) -> SigningKey {
        SigningKey(try NativeKey(generatingBits: length.rawValue))
    }

    /// The signature over `digest`, as long as ``VerificationKey/modulusByteCount``. It has been verified: a private
    /// key whose parts do not fit, or a slip of the processor, would else give a signature that betrays the key.
    ///
    /// Source: RFC 8017, RSASSA-PKCS1-v1_5 with SHA-256, given the digest instead of the message.
    /// - Throws: ``KeyError/doesNotSign``.
    public func sign(_ digest: SHA256Digest) throws(KeyError) -> [UInt8] {
        guard let signature = key.sign(digest), verificationKey.verifies(signature: signature, of: digest) else {
            throw .doesNotSign
        }
        return signature
    }

    /// The secret itself, as a `PRIVATE KEY` in PEM (PKCS #8, without a passphrase). Write it to files of mode 0600 only.
    public var privatePEM: String { PEMBlock(label: "PRIVATE KEY", bytes: key.privateKeyInfo).text }
}
