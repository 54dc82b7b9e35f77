/// Hashes of sixteen bytes each, at places that their content chooses, one in about 256: the same content has the same samples
/// wherever it stands.
enum ContentSamples {
    static func forEach(of bytes: ArraySlice<UInt8>, _ body: (_ sample: UInt64, _ offset: Int) -> Void) {
        let span = unsafe bytes.span.bytes
        guard span.byteCount >= 16 else { return }
        for offset in 0...span.byteCount - 16 {
            let first = unsafe span.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let mixed = first &* 0x9E37_79B9_7F4A_7C15
            guard mixed >> 56 == 0 else { continue }
            let second = unsafe span.unsafeLoadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
            body(mixed ^ second &* 0xBF58_476D_1CE4_E5B9, offset)
        }
    }

    static func all(of bytes: ArraySlice<UInt8>) -> Set<UInt64> {
        var samples: Set<UInt64> = []
        forEach(of: bytes) { sample, _ in samples.insert(sample) }
        return samples
    }

    /// Whether so little of `new` stands in `old` that looking for stretches that differ in a few bytes is in vain. That
    /// search takes the longest where there is nothing to find: seconds for each MiB.
    static func areUnlike(_ new: ArraySlice<UInt8>, _ old: ArraySlice<UInt8>) -> Bool {
        let samples = all(of: new)
        guard samples.count >= countMin else { return false }
        var missing = samples
        forEach(of: old) { sample, _ in missing.remove(sample) }
        // LZMA finds equal stretches as well, in as much of the old data as it may know.
        return old.count <= StreamedPatch.knownByteCountMax
            ? missing.count * 4 > samples.count * 3 : missing.count * 32 > samples.count * 31
    }

    /// Fewer say nothing.
    private static let countMin = 64
}
