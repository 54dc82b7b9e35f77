/// The checksum of partition tables: CRC-32 with the reflected polynomial 0xEDB88320.
///
/// Source: UEFI Specification 2.10, clause 5.3.2; ITU-T V.42.
public enum CRC32 {
    /// The checksum of `bytes`; 0xCBF43926 for the text `123456789`.
    public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var remainder: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            remainder = table[Int(truncatingIfNeeded: (remainder ^ UInt32(byte)) & 0xFF)] ^ remainder >> 8
        }
        return ~remainder
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { remainder, _ in
            remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
        }
    }
}
