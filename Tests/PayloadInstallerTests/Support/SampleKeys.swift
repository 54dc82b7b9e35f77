import ContentTrust

/// Keys made once for all tests of the process.
enum SampleKeys {
    static let first = key(.bits2048)
    static let second = key(.bits2048)
    static let long = key(.bits4096)

    static func trusting(_ keys: SigningKey...) -> TrustedKeys { TrustedKeys(keys: keys.map(\.verificationKey)) }

    private static func key(_ length: SigningKey.Length) -> SigningKey {
        do { return try SigningKey.generate(length) } catch { fatalError("No key could be made: \(error)") }
    }
}
