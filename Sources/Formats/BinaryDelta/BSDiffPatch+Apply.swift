internal import CompressionCodecs

extension BSDiffPatch {
    /// The most that is read, held or written at once.
    public static let pieceByteCount = DecompressionReader.pieceByteCount

    /// Makes the new data, in order, in pieces of at most ``pieceByteCount`` bytes.
    ///
    /// Needs a few MiB of memory, whatever the sizes. What `write` gets must not change what `readOld` gives: to patch
    /// in place, keep the output elsewhere until the end.
    /// - Parameters:
    ///   - oldSize: In bytes. A patch may refer to places outside the old data; they count as zeros.
    ///   - readOld: Gives `count` bytes of the old data from an offset; asked only for what lies within `oldSize`.
    /// - Throws: ``BinaryDeltaError``, or what `readOld` or `write` throw. What was written before is then useless.
    public func apply(
        oldSize: UInt64, readOld: (_ offsetBytes: UInt64, _ count: Int) throws -> [UInt8],
        write: (ArraySlice<UInt8>) throws -> Void
    ) throws {
        let parts = try PatchParts(of: self)
        var old = OldDataCursor(sizeBytes: Int64(clamping: oldSize))
        var output = PieceBuffer(remainingByteCount: newSize)
        var limits = TripleLimits(newSize: newSize)

        while output.remainingByteCount > 0 {
            let triple = try parts.nextTriple()
            guard limits.admit(triple), triple.addedByteCount <= output.remainingByteCount,
                triple.copiedByteCount <= output.remainingByteCount - triple.addedByteCount
            else { throw BinaryDeltaError.damagedInstructions }

            try forEachPiece(of: triple.addedByteCount) { count in
                var bytes = try parts.read(.diff, count: count)
                try old.add(to: &bytes, readOld)
                try output.append(bytes, write)
            }
            try forEachPiece(of: triple.copiedByteCount) { count in
                try output.append(try parts.read(.extra, count: count), write)
            }
            try old.seek(by: triple.seekBytes)
        }
        try output.flush(write)
        try parts.expectEnd()
    }

    private func forEachPiece(of byteCount: UInt64, _ body: (Int) throws -> Void) rethrows {
        var remaining = byteCount
        while remaining > 0 {
            let count = min(remaining, UInt64(Self.pieceByteCount))
            try body(Int(count))
            remaining -= count
        }
    }
}

/// How many triples a patch may have: each costs time, and perhaps a read, however little it makes.
private struct TripleLimits {
    /// bsdiff writes a triple that makes nothing now and then, never many in a row; a hostile patch may hold millions.
    private static let idleMax = 64

    /// bsdiff and its relatives begin a triple only where nine bytes or more fit better than what was going on.
    private var left: UInt64
    private var idleCount = 0

    init(newSize: UInt64) { left = newSize / 4 + 128 }

    mutating func admit(_ triple: ControlTriple) -> Bool {
        idleCount = triple.makesNothing ? idleCount + 1 : 0
        guard left > 0, idleCount <= Self.idleMax else { return false }
        left -= 1
        return true
    }
}

/// The three parts while they are unpacked side by side.
private struct PatchParts {
    private let control: DecompressionReader
    private let diff: DecompressionReader
    private let extra: DecompressionReader

    init(of patch: BSDiffPatch) throws(BinaryDeltaError) {
        // The control part is read only as far as it makes progress, so it needs no limit of its own.
        self.control = try Self.attempt(.control) { () throws(CodecError) in
            try DecompressionReader(.bzip2, patch.control, outputLimit: .max)
        }
        self.diff = try Self.attempt(.diff) { () throws(CodecError) in
            try DecompressionReader(.bzip2, patch.diff, outputLimit: patch.newSize)
        }
        self.extra = try Self.attempt(.extra) { () throws(CodecError) in
            try DecompressionReader(.bzip2, patch.extra, outputLimit: patch.newSize)
        }
    }

    func nextTriple() throws(BinaryDeltaError) -> ControlTriple {
        guard let triple = ControlTriple(try read(.control, count: ControlTriple.byteCount)) else {
            throw .damagedInstructions
        }
        return triple
    }

    func read(_ part: BinaryDeltaError.Part, count: Int) throws(BinaryDeltaError) -> [UInt8] {
        try Self.attempt(part) { () throws(CodecError) in try reader(part).read(count: count) }
    }

    /// Nothing may be left over: it would be a sign that the patch is not what its maker wrote.
    func expectEnd() throws(BinaryDeltaError) {
        for part in [BinaryDeltaError.Part.control, .diff, .extra] {
            try Self.attempt(part) { () throws(CodecError) in try reader(part).expectEnd() }
        }
    }

    private func reader(_ part: BinaryDeltaError.Part) -> DecompressionReader {
        switch part {
        case .control: control
        case .diff: diff
        case .extra: extra
        }
    }

    private static func attempt<Value>(
        _ part: BinaryDeltaError.Part, _ body: () throws(CodecError) -> Value
    ) throws(BinaryDeltaError) -> Value {
        do throws(CodecError) {
            return try body()
        } catch {
            throw .damagedPart(part, error)
        }
    }
}
