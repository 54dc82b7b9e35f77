internal import BinaryDelta
internal import CompressionCodecs
internal import PayloadFormat
internal import UpdateModel

/// Carries out the operations of one partition.
struct OperationExecutor: Sendable {
    let target: DeviceAccess
    let source: DeviceAccess?
    let blockSize: UInt64
    /// Operations may not write at this offset or beyond.
    let limitBytes: UInt64
    /// The memory that unpacking one operation may take, in bytes.
    let memoryLimit: UInt64
    /// What stands beside the target.
    let neighbours: NeighbourTargets
    private let zstd: ZstandardUnpacker

    init(
        target: DeviceAccess, source: DeviceAccess?, blockSize: UInt64, limitBytes: UInt64, memoryLimit: UInt64,
        neighbours: NeighbourTargets
    ) {
        self.target = target
        self.source = source
        self.blockSize = blockSize
        self.limitBytes = limitBytes
        self.memoryLimit = memoryLimit
        self.neighbours = neighbours
        self.zstd = ZstandardUnpacker(target: target, source: source, blockSize: blockSize, memoryLimit: memoryLimit)
    }

    /// - Parameter blob: The operation's data; its digest has been compared.
    func execute(
        _ operation: PayloadOperation, at place: OperationPlace, blob: [UInt8]
    ) throws(InstallationError) {
        do throws(InstallationError) {
            try carryOut(operation, at: place, blob: blob)
        } catch {
            if case .device = error { throw error }
            // A source that reads as something else now, though it was right before, is no fault of the payload's.
            try checkSource(of: operation, at: place)
            throw error
        }
    }

    /// Reads what the operation is made from, if that is the source, and compares it with the digest that the payload tells.
    /// - Throws: ``InstallationError/wrongSourceBlocks(_:expected:actual:)``.
    func checkSource(of operation: PayloadOperation, at place: OperationPlace) throws(InstallationError) {
        guard let source, operation.readsSource, !operation.sourceExtents.isEmpty else { return }
        try ExtentReader.check(source, operation, blockSize: blockSize, place: place)
    }

    private func carryOut(
        _ operation: PayloadOperation, at place: OperationPlace, blob: [UInt8]
    ) throws(InstallationError) {
        switch operation.kind {
        case .replace: try replace(operation, place, with: blob)
        case .replaceBZ: try unpack(operation, place, .bzip2, blob)
        case .replaceXZ: try unpack(operation, place, .xz, blob)
        case .zstd: try unpackZstandard(operation, place, blob)
        case .sourcePatch: try patchStreamed(operation, place, blob)
        case .packedPatch: try patchPacked(operation, place, blob)
        case .gzipPatch: try patchGzip(operation, place, blob)
        case .hashTree: try makeHashTree(operation, place, blob)
        case .zero, .discard: try zero(operation, place)
        case .move: try move(operation, place)
        case .sourceCopy: try copy(operation, place)
        case .bsdiff: try patchInPlace(operation, place, blob)
        case .sourceBSDIFF: try patch(operation, place, blob)
        case .other: throw .unsupportedOperation(place, operation.kind)
        }
    }

    private func replace(
        _ operation: PayloadOperation, _ place: OperationPlace, with bytes: [UInt8]
    ) throws(InstallationError) {
        var writer = writer(operation, place)
        try writer.write(bytes[...])
        try writer.finish()
    }

    private func unpack(
        _ operation: PayloadOperation, _ place: OperationPlace, _ format: CompressionFormat, _ blob: [UInt8]
    ) throws(InstallationError) {
        var writer = writer(operation, place)
        let reader: DecompressionReader
        do throws(CodecError) {
            let limit = operation.targetExtents.reduce(0) { $0 + $1.blockCount * blockSize }
            reader = try DecompressionReader(format, blob, outputLimit: limit, memoryLimit: memoryLimit)
        } catch {
            throw .badCompression(place, error)
        }
        while let piece = try nextPiece(of: reader, place) { try writer.write(piece) }
        try writer.finish()
    }

    private func unpackZstandard(
        _ operation: PayloadOperation, _ place: OperationPlace, _ blob: [UInt8]
    ) throws(InstallationError) {
        var writer = writer(operation, place)
        try zstd.unpack(operation, place, blob: blob, writer: &writer)
    }

    private func nextPiece(
        of reader: DecompressionReader, _ place: OperationPlace
    ) throws(InstallationError) -> ArraySlice<UInt8>? {
        do throws(CodecError) {
            return try reader.next()
        } catch {
            throw .badCompression(place, error)
        }
    }

    private func zero(_ operation: PayloadOperation, _ place: OperationPlace) throws(InstallationError) {
        let extents = operation.targetExtents.filter { !$0.isHole }
        var left = extents.reduce(0) { $0 + $1.blockCount * blockSize }
        guard left <= limitBytes else { throw .outOfRange(place) }
        var writer = ExtentWriter(target, extents, blockSize: blockSize, limitBytes: limitBytes, place: place)
        let zeros = [UInt8](repeating: 0, count: Int(min(left, UInt64(DeviceAccess.pieceByteCount))))
        while left > 0 {
            let count = min(left, UInt64(zeros.count))
            try writer.write(zeros.prefix(Int(count)))
            left -= count
        }
    }

    /// The whole is read before anything is written, for source and target may overlap.
    private func move(_ operation: PayloadOperation, _ place: OperationPlace) throws(InstallationError) {
        let reader = try ExtentReader(
            target, operation.sourceExtents, length: nil, blockSize: blockSize, place: place)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(reader.byteCount))
        try reader.forEachPiece { (piece) throws(InstallationError) in bytes += piece }
        var writer = writer(operation, place)
        try writer.write(bytes[...])
    }

    private func copy(_ operation: PayloadOperation, _ place: OperationPlace) throws(InstallationError) {
        let reader = try sourceReader(operation, place, length: nil)
        var writer = writer(operation, place)
        try reader.forEachPiece { (piece) throws(InstallationError) in try writer.write(piece) }
    }

    private func patch(
        _ operation: PayloadOperation, _ place: OperationPlace, _ blob: [UInt8]
    ) throws(InstallationError) {
        let reader = try sourceReader(operation, place, length: operation.sourceLength)
        var writer = writer(operation, place)
        try apply(blob, operation, place, to: reader) { (piece) throws(InstallationError) in try writer.write(piece) }
        try writer.finish()
    }

    /// The whole is made before anything is written, for source and target may overlap.
    private func patchInPlace(
        _ operation: PayloadOperation, _ place: OperationPlace, _ blob: [UInt8]
    ) throws(InstallationError) {
        let reader = try ExtentReader(
            target, operation.sourceExtents, length: operation.sourceLength, blockSize: blockSize, place: place)
        var made: [UInt8] = []
        try apply(blob, operation, place, to: reader) { (piece) throws(InstallationError) in made += piece }
        try replace(operation, place, with: made)
    }

    private func apply(
        _ blob: [UInt8], _ operation: PayloadOperation, _ place: OperationPlace, to old: ExtentReader,
        write: (ArraySlice<UInt8>) throws(InstallationError) -> Void
    ) throws(InstallationError) {
        let room = operation.targetExtents.reduce(0) { $0 + $1.blockCount * blockSize }
        do {
            let patch = try BSDiffPatch(blob, newSizeLimit: operation.targetLength ?? room)
            guard patch.newSize == operation.targetLength ?? patch.newSize else {
                throw InstallationError.wrongLength(place)
            }
            try patch.apply(
                oldSize: old.byteCount,
                readOld: { offset, count in try old.read(at: offset, count: count) },
                write: { piece in try write(piece) })
        } catch let error as BinaryDeltaError {
            throw .badPatch(place, error)
        } catch let error as InstallationError {
            throw error
        } catch {
            throw .wrongLength(place)  // Nothing else is thrown.
        }
    }

    /// The source's blocks, after they have been compared with a digest where the payload tells one.
    func sourceReader(
        _ operation: PayloadOperation, _ place: OperationPlace, length: UInt64?
    ) throws(InstallationError) -> ExtentReader {
        guard let source else { throw .sourceMissing(partition: place.partition) }
        return try ExtentReader(checking: source, operation, length: length, blockSize: blockSize, place: place)
    }

    func writer(_ operation: PayloadOperation, _ place: OperationPlace) -> ExtentWriter {
        ExtentWriter(
            target, operation.targetExtents, blockSize: blockSize, limitBytes: limitBytes, place: place)
    }
}
