internal import CLibcrypto

/// Comparing without telling by the time it takes where the difference is.
public enum ConstantTime {
    /// Whether both are the same bytes. Only a difference in length shows in the time.
    public static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        return unsafe CRYPTO_memcmp(a, b, a.count) == 0
    }
}
