internal import CompressionCodecs

/// Finds the shortest coding of a part.
struct PartPacker {
    struct Packed {
        let coding: StreamedPatch.Coding
        let data: [UInt8]

        /// What the patch's header says of the part.
        var opening: [UInt8] {
            var bytes: [UInt8] = []
            switch coding {
            case .plain: bytes.appendVarint(0)
            case .zstd: bytes.appendVarint(1)
            case .lzma(let filter, let dictionary, let start, let count):
                for number in [filter.rawValue, dictionary, start, count] { bytes.appendVarint(number) }
            }
            bytes.appendVarint(UInt64(data.count))
            return bytes
        }
    }

    let effort: StreamedPatchMaker.Effort
    let known: KnownBytes

    private static let smallByteCount = 4096

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
        let packed = try PatchLZMA(.differences).compress(bytes, known: .none, effort: effort)
        return shorter(Packed(coding: .plain, data: bytes), lzma(packed, of: bytes, PatchLZMA(.differences), known: .none))
    }

    func packNew(_ bytes: [UInt8]) throws(CodecError) -> Packed {
        let plain = Packed(coding: .plain, data: bytes)
        if effort == .fast, known.bytes.isEmpty, bytes.count > Self.smallByteCount {
            return try shorter(plain, zstd(bytes))
        }
        let way = try PatchEstimate.bestWay(for: bytes, known: known)
        let packed = try way.compress(bytes, known: known, effort: effort)
        return shorter(plain, lzma(packed, of: bytes, way, known: known))
    }

    private func shorter(_ one: Packed, _ other: Packed) -> Packed {
        one.data.count + one.opening.count <= other.data.count + other.opening.count ? one : other
    }

    private func zstd(_ bytes: [UInt8]) throws(CodecError) -> Packed {
        let packed = try Zstandard.compress(bytes, settings: ZstandardSettings(level: 9, windowLog: 23))
        return Packed(coding: .zstd, data: packed)
    }

    private func lzma(_ packed: [UInt8], of bytes: [UInt8], _ way: PatchLZMA, known: KnownBytes) -> Packed {
        Packed(
            coding: .lzma(
                way.filter,
                dictionaryByteCount: UInt64(way.dictionaryByteCount(for: bytes.count + known.bytes.count)),
                knownStart: UInt64(known.start), knownByteCount: UInt64(known.bytes.count)),
            data: packed)
    }
}

/// One of the ways in which LZMA may pack a part.
struct PatchLZMA {
    let content: RawLZMA.Content
    let filter: PatchFilter

    init(_ content: RawLZMA.Content, _ filter: PatchFilter = .none) {
        self.content = content
        self.filter = filter
    }

    static let text = PatchLZMA(.text)
    static let program = PatchLZMA(.text, .program)
    static let table = PatchLZMA(.table)
    static let relocations = PatchLZMA(.text, .table)
    static let programWithRelocations = PatchLZMA(.text, .programAndTable)

    func compress(
        _ bytes: [UInt8], known: KnownBytes, effort: StreamedPatchMaker.Effort
    ) throws(CodecError) -> [UInt8] {
        try compress(prepared: prepared(bytes), known: prepared(known), effort: effort)
    }

    /// As LZMA gets them.
    func prepared(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        filter.apply(to: &bytes)
        return bytes
    }

    func prepared(_ known: KnownBytes) -> ArraySlice<UInt8> {
        guard filter != .none else { return known.bytes }
        var bytes = Array(known.bytes)
        filter.apply(to: &bytes, position: known.start)
        return bytes[...]
    }

    func compress(
        prepared bytes: [UInt8], known: ArraySlice<UInt8>, effort: StreamedPatchMaker.Effort
    ) throws(CodecError) -> [UInt8] {
        try RawLZMA.compress(
            bytes, known: known, dictionaryByteCount: dictionaryByteCount(for: bytes.count + known.count),
            content: content, effort: effort == .best ? .best : .fast)
    }

    /// No more than there is to refer to, nor than a machine takes. Differences repeat what is near; a machine unpacks them beside
    /// what is new, and has both in memory.
    func dictionaryByteCount(for byteCount: Int) -> Int {
        let limit = content == .differences ? Self.differencesReach : Int(StreamedPatch.dictionaryByteCountMax)
        return min(max(byteCount, RawLZMA.dictionaryByteCountMin), limit)
    }

    private static let differencesReach = 8 << 20
}
