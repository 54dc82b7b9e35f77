internal import CompressionCodecs

/// Makes a ``StreamedPatch`` from pieces of new data, each with the old data that it resembles, if any.
///
/// ```swift
/// var maker = StreamedPatchMaker()
/// try maker.add(newLibrary, resembling: oldLibrary, at: offsetInAllOldData)
/// maker.add(newFile)
/// let patch = try maker.patch(known: allOldData, effort: .best)
/// ```
public struct StreamedPatchMaker {
    public enum Effort: Sendable {
        case best
        /// In a tenth of the time.
        case fast
    }

    private var draft = PatchDraft()

    public init() {}

    /// What the patch will make so far, in bytes.
    public var newSize: Int { draft.newSize }

    /// How many of those bytes resemble nothing.
    public var extraByteCount: Int { draft.extra.count }

    /// - Parameter oldOffset: Where `old` stands in the old data that the patch is applied to.
    /// - Throws: ``BinaryDeltaError/tooLarge(byteCount:)``, ``BinaryDeltaError/outOfMemory``.
    public mutating func add(
        _ new: ArraySlice<UInt8>, resembling old: ArraySlice<UInt8>, at oldOffset: Int
    ) throws(BinaryDeltaError) {
        for data in [old, new] where data.count > BSDiffPatch.madeByteCountMax {
            throw .tooLarge(byteCount: data.count)
        }
        try PatchScan.scan(old: old, new: new, oldOffset: oldOffset, into: &draft)
    }

    /// Adds data that resembles nothing in particular.
    public mutating func add(_ new: ArraySlice<UInt8>) { draft.add(extra: new) }

    /// - Parameters:
    ///   - known: The beginning of the old data; at most ``StreamedPatch/knownByteCountMax`` of it are used.
    /// - Throws: ``BinaryDeltaError/damagedPart(_:_:)`` when a library fails.
    public func patch(known: ArraySlice<UInt8>, effort: Effort = .best) throws(BinaryDeltaError) -> [UInt8] {
        let packer = PartPacker(effort: effort, known: known.prefix(StreamedPatch.knownByteCountMax))
        let triples = draft.triples
        var parts: [PartPacker.Packed] = []
        do throws(CodecError) {
            parts.append(try packer.packNumbers(triples.map { UInt64($0.added) }))
            parts.append(try packer.packNumbers(triples.map { UInt64($0.copied) }))
            parts.append(
                try packer.packNumbers(triples.map { UInt64($0.seek.magnitude) << 1 | ($0.seek < 0 ? 1 : 0) }))
            parts.append(try packer.packDifferences(draft.diff))
            parts.append(try packer.packNew(draft.extra))
        } catch {
            throw .damagedPart(.extra, error)
        }
        var patch = StreamedPatch.opening
        patch.appendVarint(UInt64(draft.newSize))
        for part in parts { patch.append(contentsOf: part.opening) }
        for part in parts { patch.append(contentsOf: part.data) }
        return patch
    }
}

/// Finds the shortest coding of a part.
private struct PartPacker {
    struct Packed {
        let coding: StreamedPatch.Coding
        let data: [UInt8]

        /// What the patch's header says of the part.
        var opening: [UInt8] {
            var bytes: [UInt8] = []
            switch coding {
            case .plain: bytes.appendVarint(0)
            case .zstd: bytes.appendVarint(1)
            case .lzma(let isProgram, let dictionary, let start, let count):
                for number in [isProgram ? 3 : 2, dictionary, start, count] { bytes.appendVarint(number) }
            }
            bytes.appendVarint(UInt64(data.count))
            return bytes
        }
    }

    let effort: StreamedPatchMaker.Effort
    let known: ArraySlice<UInt8>

    func packNumbers(_ numbers: [UInt64]) throws(CodecError) -> Packed {
        var bytes: [UInt8] = []
        for number in numbers { bytes.appendVarint(number) }
        let count = UInt64(bytes.count)
        let opening = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) }
        return try packDifferences(opening + bytes)
    }

    /// Bytes that the one before tells nothing about.
    func packDifferences(_ bytes: [UInt8]) throws(CodecError) -> Packed {
        if effort == .fast, bytes.count > Self.smallByteCount { return try zstd(bytes) }
        return try shorter(Packed(coding: .plain, data: bytes), lzma(bytes, literal: 0))
    }

    func packNew(_ bytes: [UInt8]) throws(CodecError) -> Packed {
        let plain = Packed(coding: .plain, data: bytes)
        if effort == .fast, known.isEmpty, bytes.count > Self.smallByteCount { return try shorter(plain, zstd(bytes)) }
        var best = try shorter(plain, lzma(bytes, literal: 3, known: known))
        if effort == .best, bytes.count > Self.programByteCountMin {
            best = try shorter(best, lzma(bytes, literal: 3, isProgram: true))
        }
        return best
    }

    private static let smallByteCount = 4096
    private static let programByteCountMin = 32 << 10
    /// LZMA_PRESET_EXTREME, a macro that Swift cannot import.
    private static let extreme: UInt32 = 1 << 31

    private func shorter(_ one: Packed, _ other: Packed) -> Packed {
        one.data.count + one.opening.count <= other.data.count + other.opening.count ? one : other
    }

    private func zstd(_ bytes: [UInt8]) throws(CodecError) -> Packed {
        let packed = try Zstandard.compress(bytes, settings: ZstandardSettings(level: 9, windowLog: 23))
        return Packed(coding: .zstd, data: packed)
    }

    private func lzma(
        _ bytes: [UInt8], literal: UInt32, isProgram: Bool = false, known: ArraySlice<UInt8> = []
    ) throws(CodecError) -> Packed {
        let wanted = max(bytes.count + known.count, RawLZMA.dictionaryByteCountMin)
        let dictionary = min(wanted, Int(StreamedPatch.dictionaryByteCountMax))
        let packed = try RawLZMA.compress(
            bytes, known: known, shape: RawLZMA.Shape(dictionaryByteCount: dictionary, isProgram: isProgram),
            literal: literal, effort: effort == .best ? 9 | Self.extreme : 1)
        return Packed(
            coding: .lzma(
                isProgram: isProgram, dictionaryByteCount: UInt64(dictionary), knownStart: 0,
                knownByteCount: UInt64(known.count)),
            data: packed)
    }
}
