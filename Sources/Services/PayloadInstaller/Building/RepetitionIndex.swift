/// Remembers where bytes of an image were seen last, by samples of 64 bytes each, one every 64 bytes on average.
///
/// The bytes themselves choose the samples, so what is repeated anywhere is sampled in the same places: the hash of the
/// last 64 bytes, to which each byte adds a number of its own while older ones are shifted out, begins with six zero bits.
struct RepetitionIndex {
    private static let countMax = 1 << 26

    /// Half of each entry tells which sample it is, the other half the number of the unit in which it stands.
    private var entries: [UInt64]
    private let shift: UInt64
    private var hash: UInt64 = 0

    /// - Parameter contentBytes: The image's size. Memory is a quarter to half of it, at most 512 MiB.
    init(contentBytes: UInt64) {
        let wanted = max(contentBytes / 32, 1024)
        let bits = UInt64(min(UInt64.bitWidth - (wanted - 1).leadingZeroBitCount, Self.countMax.trailingZeroBitCount))
        entries = [UInt64](repeating: 0, count: 1 << bits)
        shift = 64 - bits
    }

    /// Goes over the next bytes.
    /// - Parameters:
    ///   - unit: The number of the unit in which they stand, larger than those before.
    ///   - seen: Told the unit in which a sample stood before, the last time.
    mutating func visit(_ content: ArraySlice<UInt8>, unit: UInt32, _ seen: (UInt32) -> Void) {
        for byte in content {
            hash = (hash &<< 1) &+ Self.numbers[Int(byte)]
            guard hash >> 58 == 0 else { continue }
            let mixed = Self.mix(hash)
            let slot = Int(mixed >> shift)
            let label = mixed << 32 | 1 << 32  // Never that of an empty entry.
            if entries[slot] & ~UInt64(UInt32.max) == label { seen(UInt32(truncatingIfNeeded: entries[slot])) }
            entries[slot] = label | UInt64(unit)
        }
    }

    /// Spreads what differs over all bits.
    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed ^= mixed >> 29
        mixed = mixed &* 0xBF58_476D_1CE4_E5B9
        return mixed ^ (mixed >> 32)
    }

    /// A number for each byte: noise that is the same on every machine.
    private static let numbers: [UInt64] = {
        var state: UInt64 = 0x1405_7B7E_F767_814F
        return (0..<256).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }()
}
