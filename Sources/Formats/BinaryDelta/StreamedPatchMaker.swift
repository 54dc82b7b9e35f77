internal import CompressionCodecs

/// Makes a ``StreamedPatch`` from pieces of new data, each with the old data that it resembles, if any.
///
/// ```swift
/// var maker = StreamedPatchMaker()
/// try maker.add(newLibrary, resembling: oldLibrary, at: offsetInAllOldData)
/// maker.add(newFile)
/// let patch = try maker.patch(old: allOldData)
/// ```
public struct StreamedPatchMaker {
    public enum Effort: Sendable {
        case best
        /// In a fraction of the time; a few tenths larger.
        case fast
    }

    private let effort: Effort
    private var draft = PatchDraft()

    public init(effort: Effort = .best) { self.effort = effort }

    /// What the patch will make so far, in bytes.
    public var newSize: Int { draft.newSize }

    /// The memory that a patch takes at the most while it is made, in bytes, with what it is made of.
    ///
    /// Of the new data there are four copies at times. First the old data is sorted, which takes four bytes more for
    /// each; later LZMA takes up to fourteen for each that its dictionary reaches.
    public static func workingByteCount(old: Int, new: Int) -> Int {
        let reach = PatchLZMA.text.dictionaryByteCount(for: new + min(old, StreamedPatch.knownByteCountMax))
        return old + 4 * new + max(4 * old, 14 * reach)
    }

    /// - Parameter oldOffset: Where `old` stands in the old data that the patch is applied to.
    /// - Throws: ``BinaryDeltaError/tooLarge(byteCount:)``, ``BinaryDeltaError/outOfMemory``, and
    ///   ``BinaryDeltaError/damagedPart(_:_:)`` when a library fails.
    public mutating func add(
        _ new: ArraySlice<UInt8>, resembling old: ArraySlice<UInt8>, at oldOffset: Int
    ) throws(BinaryDeltaError) {
        for data in [old, new] where data.count > BSDiffPatch.madeByteCountMax {
            throw .tooLarge(byteCount: data.count)
        }
        guard !ContentSamples.areUnlike(new, old) else { return add(new) }
        var beside = PatchDraft()
        try PatchScan.scan(old: old, new: new, oldOffset: oldOffset, into: &beside)
        if try PatchEstimate.isShorterAnew(new, than: beside, old: old) {
            add(new)
        } else {
            draft.append(beside)
        }
    }

    /// Adds data that resembles nothing in particular.
    public mutating func add(_ new: ArraySlice<UInt8>) { draft.add(extra: new) }

    /// - Parameters:
    ///   - old: The old data. What is said anew may refer to ``StreamedPatch/knownByteCountMax`` of it.
    /// - Throws: ``BinaryDeltaError/damagedPart(_:_:)`` when a library fails.
    public func patch(old: ArraySlice<UInt8>) throws(BinaryDeltaError) -> [UInt8] {
        let known = KnownBytes(of: old, for: draft.extra[...])
        let packer = PartPacker(effort: effort, known: known)
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
