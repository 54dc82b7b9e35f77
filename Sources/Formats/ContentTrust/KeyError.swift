public import UpdateModel

/// A text is not the key that was wanted.
public enum KeyError: Error, Hashable {
    /// There is no PEM block, or its Base64 is broken.
    case notPEM
    /// More than one PEM block: which one is meant?
    case severalBlocks
    /// A PEM block of another kind, such as `CERTIFICATE REQUEST`.
    case unexpectedKind(String)
    /// A private key stands where a public one is wanted.
    case privateKey
    /// A public key or a certificate stands where a private key is wanted.
    case publicKey
    /// The private key is protected by a passphrase.
    case encrypted
    /// The content of the PEM block cannot be read.
    case damaged
    /// A key of another algorithm, such as an elliptic curve.
    case notRSA
    /// Too short to be safe, or longer than any in use.
    case wrongLength(bits: Int)
    /// The public exponent is 1, even or longer than 64 bits.
    case unsafeExponent
    /// The cryptographic library could not make a key.
    case notGenerated
    /// The private key does not make signatures that its own public half verifies.
    case doesNotSign
}

extension KeyError: UserFacingError {
    public var userMessage: UserMessage { message(subject: "The key") }

    /// - Parameter subject: What opens the sentence, such as the name of the file.
    func message(subject: String) -> UserMessage {
        UserMessage("\(subject) \(complaint)", hint: hint, exit: self == .notGenerated ? .software : .badData)
    }

    private var complaint: String {
        switch self {
        case .notPEM: "is not a key in PEM form."
        case .severalBlocks: "holds more than one PEM block."
        case .unexpectedKind(let kind): "is a PEM block of kind “\(kind.prefix(40))”, not a key."
        case .privateKey: "is a private key; only its public half belongs here."
        case .publicKey: "is public; signing needs the private key."
        case .encrypted: "is protected by a passphrase."
        case .damaged: "is damaged."
        case .notRSA: "is not an RSA key."
        case .wrongLength(let bits): "has \(bits) bits."
        case .unsafeExponent: "has a public exponent that is not safe."
        case .notGenerated: "could not be generated."
        case .doesNotSign: "makes no valid signature: its parts do not fit together."
        }
    }

    private var hint: String? {
        switch self {
        case .privateKey: "Write it with: openssl pkey -in KEY -pubout"
        case .encrypted: "Remove the passphrase with “openssl pkey -in KEY -out PLAIN”, or sign the hash elsewhere."
        case .severalBlocks: "Use a file for each key."
        case .notRSA, .wrongLength: "Use RSA with 2048 to 8192 bits."
        default: nil
        }
    }
}
