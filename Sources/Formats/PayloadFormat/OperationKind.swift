/// What an operation does. A number that is not known here stays a value, so that it can be named in a refusal.
///
/// Source: the two `update_metadata.proto` files; numbers from 11 on mean different things to Android and to ChromeOS.
public enum OperationKind: Hashable, Sendable {
    /// Writes the blob.
    case replace
    /// Writes what the bzip2 blob expands to.
    case replaceBZ
    /// Copies blocks within the target (format 1, in place).
    case move
    /// Patches blocks of the target (format 1, in place).
    case bsdiff
    /// Copies blocks of the source.
    case sourceCopy
    /// Patches blocks of the source.
    case sourceBSDIFF
    /// Writes zeros.
    case zero
    /// Contents do not matter; written as zeros here, so that the result is always the same.
    case discard
    /// Writes what the xz blob expands to.
    case replaceXZ
    /// Writes what the zstd blob expands to; it may refer back to blocks of the source and to blocks of the target that
    /// earlier operations wrote. Martlet's own: docs/protocols/payload-extensions.md.
    case zstd
    /// Patches blocks of the source, or of nothing, with a patch of Martlet's own form.
    case sourcePatch
    /// Unpacks LZ4 blocks of an erofs source, patches what they hold, and packs it again.
    case packedPatch
    /// Writes the hashes of blocks that earlier operations wrote, as dm-verity reads them.
    case hashTree
    /// Unpacks gzip files of the source, patches what they hold and what stands between them, and packs it again.
    case gzipPatch
    /// A kind that cannot be applied here.
    case other(UInt32)

    /// The numbers that mean what docs/protocols/payload-extensions.md says. No other known format uses them.
    public static let ownNumbers: ClosedRange<UInt32> = 0x4D00...0x4DFF

    /// The number on the wire.
    public var rawNumber: UInt32 {
        switch self {
        case .replace: 0
        case .replaceBZ: 1
        case .move: 2
        case .bsdiff: 3
        case .sourceCopy: 4
        case .sourceBSDIFF: 5
        case .zero: 6
        case .discard: 7
        case .replaceXZ: 8
        case .zstd: Self.ownNumbers.lowerBound
        case .sourcePatch: Self.ownNumbers.lowerBound + 1
        case .packedPatch: Self.ownNumbers.lowerBound + 2
        case .hashTree: Self.ownNumbers.lowerBound + 3
        case .gzipPatch: Self.ownNumbers.lowerBound + 4
        case .other(let number): number
        }
    }

    public init(rawNumber: UInt32) {
        let known: [OperationKind] = [
            .replace, .replaceBZ, .move, .bsdiff, .sourceCopy, .sourceBSDIFF, .zero, .discard, .replaceXZ,
        ]
        switch rawNumber {
        case ..<UInt32(known.count): self = known[Int(rawNumber)]
        case Self.zstd.rawNumber: self = .zstd
        case Self.sourcePatch.rawNumber: self = .sourcePatch
        case Self.packedPatch.rawNumber: self = .packedPatch
        case Self.hashTree.rawNumber: self = .hashTree
        case Self.gzipPatch.rawNumber: self = .gzipPatch
        default: self = .other(rawNumber)
        }
    }

    /// The name in the format's own spelling.
    public var name: String {
        switch self {
        case .replace: "REPLACE"
        case .replaceBZ: "REPLACE_BZ"
        case .move: "MOVE"
        case .bsdiff: "BSDIFF"
        case .sourceCopy: "SOURCE_COPY"
        case .sourceBSDIFF: "SOURCE_BSDIFF"
        case .zero: "ZERO"
        case .discard: "DISCARD"
        case .replaceXZ: "REPLACE_XZ"
        case .zstd: "MARTLET_ZSTD"
        case .sourcePatch: "MARTLET_PATCH"
        case .packedPatch: "MARTLET_LZ4_PATCH"
        case .hashTree: "MARTLET_HASH_TREE"
        case .gzipPatch: "MARTLET_GZIP_PATCH"
        case .other(9): "PUFFDIFF"
        case .other(10): "BROTLI_BSDIFF"
        case .other(11): "ZUCCHINI or REPLACE_ZSTD"
        case .other(12): "LZ4DIFF_BSDIFF or REPLACE_ZSTD_INCREASED_WINDOW"
        case .other(13): "LZ4DIFF_PUFFDIFF"
        case .other(14): "REPLACE_ZSTD"
        case .other: "unknown"
        }
    }

    public var isSupported: Bool {
        if case .other = self { false } else { true }
    }

    /// Whether the operation reads what it or its neighbours overwrite, so that it cannot be done twice.
    public var isInPlace: Bool { self == .move || self == .bsdiff }

    /// Whether every operation of this kind reads the source device. ``zstd`` may; see `PayloadOperation.readsSource`.
    public var readsSource: Bool {
        switch self {
        case .sourceCopy, .sourceBSDIFF, .sourcePatch, .packedPatch, .gzipPatch: true
        default: false
        }
    }

    /// Whether the operation is made of a blob; `nil` when it is not known.
    var hasBlob: Bool? {
        switch self {
        case .replace, .replaceBZ, .replaceXZ, .zstd, .bsdiff, .sourceBSDIFF: true
        case .sourcePatch, .packedPatch, .gzipPatch, .hashTree: true
        case .move, .sourceCopy, .zero, .discard: false
        case .other: nil
        }
    }
}
