internal import BinaryDelta
internal import CompressionCodecs
internal import PayloadFormat
internal import UpdateModel

extension OperationExecutor {
    /// Patches blocks of the source with a ``StreamedPatch``.
    func patchStreamed(
        _ operation: PayloadOperation, _ place: OperationPlace, _ blob: [UInt8]
    ) throws(InstallationError) {
        let old = try oldData(operation, place)
        let room = operation.targetExtents.reduce(0) { $0 + $1.blockCount * blockSize }
        var writer = writer(operation, place)
        do {
            let patch = try StreamedPatch(blob[...], newSizeLimit: operation.targetLength ?? room)
            guard patch.newSize == operation.targetLength ?? patch.newSize else {
                throw InstallationError.wrongLength(place)
            }
            try checkMemory(patch.unpackingByteCount, place)
            try patch.apply(
                oldSize: old.byteCount, readOld: { offset, count in try old.read(at: offset, count: count) },
                write: { piece in try writer.write(piece) })
        } catch let error as BinaryDeltaError {
            throw .badPatch(place, error)
        } catch let error as InstallationError {
            throw error
        } catch {
            throw .wrongLength(place)  // Nothing else is thrown.
        }
        try writer.finish()
    }

    /// Blocks of the source, and behind them blocks of the target that earlier operations wrote.
    func oldData(
        _ operation: PayloadOperation, _ place: OperationPlace
    ) throws(InstallationError) -> ReaderChain {
        var readers: [ExtentReader] = []
        if !operation.sourceExtents.isEmpty {
            readers.append(try sourceReader(operation, place, length: operation.sourceLength))
        }
        if !operation.writtenExtents.isEmpty {
            readers.append(
                try ExtentReader(target, operation.writtenExtents, length: nil, blockSize: blockSize, place: place))
        }
        return ReaderChain(readers)
    }

    /// Refuses what would take more memory than one operation may.
    func checkMemory(_ byteCount: UInt64, _ place: OperationPlace) throws(InstallationError) {
        guard byteCount <= memoryLimit else {
            throw .badCompression(place, .memoryLimit(needed: byteCount, limit: memoryLimit))
        }
    }
}
