internal import CompressionCodecs

extension BSDiffPatch {
    /// A patch that every program for BSDIFF40 can apply.
    ///
    /// - Throws: ``BinaryDeltaError/tooLarge(byteCount:)``, ``BinaryDeltaError/outOfMemory``,
    ///   ``BinaryDeltaError/damagedPart(_:_:)`` when the library fails.
    public static func make(
        old: ArraySlice<UInt8>, new: ArraySlice<UInt8>
    ) throws(BinaryDeltaError) -> [UInt8] {
        for data in [old, new] where data.count > madeByteCountMax { throw .tooLarge(byteCount: data.count) }
        var draft = PatchDraft()
        try PatchScan.scan(old: old, new: new, oldOffset: 0, into: &draft)
        var control: [UInt8] = []
        for triple in draft.triples {
            for number in [triple.added, triple.copied, triple.seek] { control += signMagnitudeBytes(Int64(number)) }
        }
        let parts = try [
            compressed(control, .control), compressed(draft.diff, .diff), compressed(draft.extra, .extra),
        ]
        return Array("BSDIFF40".utf8) + signMagnitudeBytes(Int64(parts[0].count))
            + signMagnitudeBytes(Int64(parts[1].count)) + signMagnitudeBytes(Int64(new.count)) + parts.joined()
    }

    /// The memory that making a patch takes at the most, in bytes, with what it is made of.
    ///
    /// The sorted old data takes five bytes for each. Of the new data there are four copies at times, and bzip2 takes
    /// some memory of its own.
    public static func workingByteCount(old: Int, new: Int) -> Int { 5 * old + 4 * new + 8 << 20 }

    /// What one patch may be made of, in bytes.
    public static let madeByteCountMax = 1 << 30

    private static func compressed(_ bytes: [UInt8], _ part: BinaryDeltaError.Part) throws(BinaryDeltaError) -> [UInt8]
    {
        do throws(CodecError) { return try BZip2.compress(bytes) } catch { throw .damagedPart(part, error) }
    }
}

/// What ``signMagnitude(_:)`` reads.
func signMagnitudeBytes(_ number: Int64) -> [UInt8] {
    let word = number.magnitude | (number < 0 ? 1 << 63 : 0)
    return (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
}
