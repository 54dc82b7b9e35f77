internal import CompressionCodecs

/// Which way of packing is the shortest, found out by packing fast.
enum PatchEstimate {
    /// Whether `new` costs less when all of it is packed beside `old` than as the differences that were found.
    ///
    /// Differences cost little where a few bytes changed. A program that was compiled anew, or a table of places, differs in
    /// nearly every stretch, but in the same ways again and again. Packing well gains more on what is said anew than on
    /// differences, and one file's content tells of the next one's: so differences must cost a quarter less.
    static func isShorterAnew(
        _ new: ArraySlice<UInt8>, than beside: PatchDraft, old: ArraySlice<UInt8>
    ) throws(BinaryDeltaError) -> Bool {
        do throws(CodecError) {
            let known = KnownBytes(of: old, for: new)
            var cost = beside.steps.count * stepByteCount
            cost += try PatchLZMA(.differences)
                .compress(beside.diff, known: .none, effort: .fast).count
            cost += try PatchLZMA.text.compress(beside.extra, known: known, effort: .fast).count
            guard cost > new.count / cheapShare else { return false }
            for way in ways(for: new)
            where try way.compress(Array(new), known: known, effort: .fast).count < cost + cost / 4 {
                return true
            }
            return false
        } catch {
            throw .damagedPart(.extra, error)
        }
    }

    private static func ways(for new: ArraySlice<UInt8>) -> [PatchLZMA] {
        guard ProgramFilter.isMade(for: new) else { return [.text, .table] }
        // What is not linked yet has nothing in its calls.
        return ProgramFilter.isLinked(new) ? [.programWithRelocations] : [.relocations]
    }

    /// What the numbers of one step take, packed; measured.
    private static let stepByteCount = 5
    /// What costs less than this share of the data needs no other way.
    private static let cheapShare = 100

    /// The shortest way to pack bytes that are not differences.
    static func bestWay(for bytes: [UInt8], known: KnownBytes) throws(CodecError) -> PatchLZMA {
        guard bytes.count > smallByteCount else { return .text }
        var best = (way: PatchLZMA.text, byteCount: Int.max)
        for way in [PatchLZMA.text, .program, .table, .relocations, .programWithRelocations] {
            // The whole is prepared: a program's pieces by themselves would stand at other places.
            let sample = sample(of: way.prepared(bytes)[...], pieceByteCount: pieceByteCount)
            let knownSample = Self.sample(of: way.prepared(known), pieceByteCount: 2 * pieceByteCount)
            let byteCount = try way.compress(prepared: sample, known: knownSample[...], effort: .fast).count
            if byteCount < best.byteCount { best = (way, byteCount) }
        }
        return best.way
    }

    private static let smallByteCount = 16 << 10
    private static let pieceByteCount = 256 << 10
    private static let pieceCount = 8

    /// Pieces from all over `bytes`, at the beginnings of pages as in the whole.
    private static func sample(of bytes: ArraySlice<UInt8>, pieceByteCount: Int) -> [UInt8] {
        guard bytes.count > pieceCount * pieceByteCount else { return Array(bytes) }
        let distance = bytes.count / pieceCount & ~4095
        return (0..<pieceCount).flatMap { bytes.dropFirst($0 * distance).prefix(pieceByteCount) }
    }
}
