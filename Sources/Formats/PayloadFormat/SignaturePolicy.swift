public import ContentTrust
internal import UpdateModel

/// Who must have signed a payload before its content counts.
public enum SignaturePolicy: Sendable {
    /// Any valid signature by any of these keys. An empty set trusts no payload.
    case trusted(TrustedKeys)
    /// Signatures are not looked at; somebody chose that explicitly.
    case unverified

    /// Checks the signatures over `digest`.
    /// - Returns: The key that made one of them; `nil` only when nothing was to be checked.
    func check(
        _ signatures: [PayloadSignature], of digest: SHA256Digest, otherwise failure: PayloadError
    ) throws(PayloadError) -> VerificationKey? {
        switch self {
        case .unverified:
            return nil
        case .trusted(let keys):
            guard let key = keys.keyVerifying(anyOf: signatures.map(\.bytes), digest: digest) else { throw failure }
            return key
        }
    }
}
