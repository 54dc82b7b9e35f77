internal import CompressionCodecs

extension StreamedPatch {
    /// Makes the new data, in order, in pieces of at most ``BSDiffPatch/pieceByteCount`` bytes.
    ///
    /// - Parameters: As of ``BSDiffPatch/apply(oldSize:readOld:write:)``. Also the known bytes are asked from `readOld`.
    public func apply(
        oldSize: UInt64, readOld: (_ offsetBytes: UInt64, _ count: Int) throws -> [UInt8],
        write: (ArraySlice<UInt8>) throws -> Void
    ) throws {
        let readers = try parts.map { try PartReader($0, oldSize: oldSize, outputLimit: newSize, readOld) }
        var numbers = (0..<3).map { NumberReader(readers[$0]) }
        var old = OldDataCursor(sizeBytes: Int64(clamping: oldSize))
        var output = PieceBuffer(remainingByteCount: newSize)
        var idleCount = 0
        while output.remainingByteCount > 0 {
            let added = try numbers[0].next()
            let copied = try numbers[1].next()
            let seek = try numbers[2].next()
            idleCount = added == 0 && copied == 0 ? idleCount + 1 : 0
            guard idleCount <= 64, added <= output.remainingByteCount, copied <= output.remainingByteCount - added
            else { throw BinaryDeltaError.damagedInstructions }
            try Self.forEachPiece(of: added) { count in
                var bytes = try readers[3].read(count: count)
                try old.add(to: &bytes, readOld)
                try output.append(bytes, write)
            }
            try Self.forEachPiece(of: copied) { count in
                try output.append(try readers[4].read(count: count), write)
            }
            let distance = Int64(seek >> 1)
            try old.seek(by: seek & 1 == 1 ? -distance : distance)
        }
        try output.flush(write)
        for index in numbers.indices { try numbers[index].expectEnd() }
        for reader in readers { try reader.expectEnd() }
    }

    private static func forEachPiece(of byteCount: UInt64, _ body: (Int) throws -> Void) rethrows {
        var remaining = byteCount
        while remaining > 0 {
            let count = min(remaining, UInt64(BSDiffPatch.pieceByteCount))
            try body(Int(count))
            remaining -= count
        }
    }
}

/// One part while it is unpacked.
private struct PartReader {
    private enum Source {
        case plain(PlainReader)
        case zstd(DecompressionReader)
        case lzma(any PieceReader)
    }

    private let source: Source

    init(
        _ part: StreamedPatch.Part, oldSize: UInt64, outputLimit: UInt64,
        _ readOld: (_ offsetBytes: UInt64, _ count: Int) throws -> [UInt8]
    ) throws {
        do {
            switch part.coding {
            case .plain: source = .plain(PlainReader(part.data))
            case .zstd:
                // Numbers take up to nine bytes each, and there is one of each kind for a byte of output at the most.
                let limit = outputLimit.multipliedReportingOverflow(by: 9)
                source = .zstd(
                    try DecompressionReader(
                        .zstd, part.data, outputLimit: limit.overflow ? .max : limit.partialValue,
                        memoryLimit: StreamedPatch.dictionaryByteCountMax))
            case .lzma(let filter, let dictionary, let start, let count):
                guard count <= oldSize, start <= oldSize - count else { throw BinaryDeltaError.damagedHeader }
                var known = try Self.known(start, Int(count), readOld)
                filter.apply(to: &known, position: Int(start))
                let reader = try RawLZMAReader(part.data, known: known[...], dictionaryByteCount: Int(dictionary))
                source = .lzma(filter.undoing(reader))
            }
        } catch let error as CodecError {
            throw BinaryDeltaError.damagedPart(.extra, error)
        }
    }

    /// Piece by piece, so that none of it is in memory twice.
    private static func known(
        _ start: UInt64, _ count: Int, _ readOld: (_ offsetBytes: UInt64, _ count: Int) throws -> [UInt8]
    ) throws -> [UInt8] {
        var known: [UInt8] = []
        known.reserveCapacity(count)
        while known.count < count {
            let wanted = min(count - known.count, BSDiffPatch.pieceByteCount)
            let piece = try readOld(start + UInt64(known.count), wanted)
            guard piece.count == wanted else { throw BinaryDeltaError.oldDataTooShort(offsetBytes: start) }
            known += piece
        }
        return known
    }

    func read(count: Int) throws(BinaryDeltaError) -> [UInt8] {
        do throws(CodecError) {
            switch source {
            case .plain(let reader): return try reader.read(count: count)
            case .zstd(let reader): return try reader.read(count: count)
            case .lzma(let reader): return try reader.read(count: count)
            }
        } catch {
            throw .damagedPart(.diff, error)
        }
    }

    func expectEnd() throws(BinaryDeltaError) {
        do throws(CodecError) {
            switch source {
            case .plain(let reader): try reader.expectEnd()
            case .zstd(let reader): try reader.expectEnd()
            case .lzma(let reader): try reader.expectEnd()
            }
        } catch {
            throw .damagedPart(.diff, error)
        }
    }
}

/// A part that is not packed.
private final class PlainReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    func read(count: Int) throws(CodecError) -> [UInt8] {
        guard count <= rest.count else { throw .outputTooShort(missing: count - rest.count) }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    func expectEnd() throws(CodecError) {
        guard rest.isEmpty else { throw .outputUnread }
    }
}

/// Numbers out of a part. The part begins with its size, so that it can be read ahead.
private struct NumberReader {
    private let part: PartReader
    private var remaining: UInt64?
    private var buffer: ArraySlice<UInt8> = []

    init(_ part: PartReader) { self.part = part }

    mutating func next() throws(BinaryDeltaError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            let byte = try nextByte()
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .damagedInstructions
    }

    mutating func expectEnd() throws(BinaryDeltaError) {
        let left = try countLeft()
        guard buffer.isEmpty, left == 0 else { throw .damagedInstructions }
    }

    private func countLeft() throws(BinaryDeltaError) -> UInt64 {
        if let remaining { return remaining }
        return UInt64(littleEndian: try part.read(count: 8))
    }

    private mutating func nextByte() throws(BinaryDeltaError) -> UInt8 {
        if let byte = buffer.popFirst() { return byte }
        let left = try countLeft()
        let count = min(left, 4096)
        guard count > 0 else { throw .damagedInstructions }
        remaining = left - count
        buffer = try part.read(count: Int(count))[...]
        return buffer.removeFirst()
    }
}

extension UInt64 {
    fileprivate init(littleEndian bytes: [UInt8]) {
        self = bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
