internal import CompressionCodecs

/// A patch that makes new bytes from old ones, as bsdiff and its relatives write it.
///
/// The header, with numbers as ``signMagnitude(_:)`` reads them:
/// ```text
/// offset   size   field
///  0        8     ASCII "BSDIFF40", or "BSDF2" and the compressors of the three parts (1 is bzip2)
///  8        8     c, the size of the control part
/// 16        8     d, the size of the diff part
/// 24        8     the size of the new data
/// 32        c     control: triples of numbers, see `ControlTriple`
/// 32+c      d     diff: what to add to bytes of the old data
/// 32+c+d    rest  extra: bytes that are new
/// ```
/// Source: `bspatch.c` of cperciva/bsdiff 4.3; `patch_reader.cc` of AOSP external/bsdiff for `BSDF2`.
public struct BSDiffPatch: Sendable {
    /// In bytes.
    public let newSize: UInt64
    let control: ArraySlice<UInt8>
    let diff: ArraySlice<UInt8>
    let extra: ArraySlice<UInt8>

    /// Checks the header; the parts are unpacked by ``apply(oldSize:readOld:write:)``.
    /// - Parameter newSizeLimit: In bytes; a patch that makes more is refused.
    /// - Throws: ``BinaryDeltaError/notAPatch``, ``BinaryDeltaError/damagedHeader``,
    ///   ``BinaryDeltaError/outputTooLarge(size:limit:)``, ``BinaryDeltaError/unsupportedCompressor(identifier:)``.
    public init(_ patch: ArraySlice<UInt8>, newSizeLimit: UInt64) throws(BinaryDeltaError) {
        try Self.checkOpening(patch.prefix(8))
        guard patch.count >= Self.headerByteCount else { throw .damagedHeader }
        let body = patch.dropFirst(Self.headerByteCount)
        guard let controlSize = Self.size(in: patch, at: 8), controlSize <= UInt64(body.count),
            let diffSize = Self.size(in: patch, at: 16), diffSize <= UInt64(body.count) - controlSize,
            let newSize = Self.size(in: patch, at: 24)
        else { throw .damagedHeader }
        guard newSize <= newSizeLimit else { throw .outputTooLarge(size: newSize, limit: newSizeLimit) }

        self.newSize = newSize
        self.control = body.prefix(Int(controlSize))
        self.diff = body.dropFirst(Int(controlSize)).prefix(Int(diffSize))
        self.extra = body.dropFirst(Int(controlSize) + Int(diffSize))
    }

    public init(_ patch: [UInt8], newSizeLimit: UInt64) throws(BinaryDeltaError) {
        try self.init(patch[...], newSizeLimit: newSizeLimit)
    }

    private static let headerByteCount = 32

    private static func checkOpening(_ opening: ArraySlice<UInt8>) throws(BinaryDeltaError) {
        if opening.elementsEqual("BSDIFF40".utf8) { return }
        guard opening.count == 8, opening.starts(with: "BSDF2".utf8) else { throw .notAPatch }
        for compressor in opening.suffix(3) where compressor != 1 {
            throw .unsupportedCompressor(identifier: compressor)
        }
    }

    private static func size(in patch: ArraySlice<UInt8>, at offset: Int) -> UInt64? {
        UInt64(exactly: signMagnitude(patch.dropFirst(offset).prefix(8)))
    }
}

/// A number of eight bytes, the lowest first, whose highest bit says “negative” and is not part of the amount.
func signMagnitude(_ bytes: ArraySlice<UInt8>) -> Int64 {
    let word = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let magnitude = Int64(word & UInt64(Int64.max))
    return word >> 63 == 1 ? -magnitude : magnitude
}
