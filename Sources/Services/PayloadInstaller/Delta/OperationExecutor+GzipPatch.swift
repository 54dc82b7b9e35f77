internal import BinaryDelta
internal import CompressionCodecs
internal import PayloadFormat
internal import UpdateModel

extension OperationExecutor {
    /// Unpacks gzip files of the source, patches what they hold, and packs the result.
    func patchGzip(
        _ operation: PayloadOperation, _ place: OperationPlace, _ blob: [UInt8]
    ) throws(InstallationError) {
        let room = operation.targetExtents.reduce(0) { $0 + $1.blockCount * blockSize }
        guard let (recipe, patchBytes) = GzipRecipe.decode(blob), room <= UInt64(GzipRecipe.sideBytesMax) else {
            throw .badRecipe(place)
        }
        let ownByteCount = room + GzipPacker.packingByteCount(of: recipe)
        let old = try unpackGzip(operation, place, recipe, besideByteCount: ownByteCount)
        guard var packer = GzipPacker(recipe, byteCount: Int(room)) else { throw .badRecipe(place) }
        do {
            let patch = try StreamedPatch(patchBytes, newSizeLimit: UInt64(packer.newByteCount))
            try checkMemory(ownByteCount + UInt64(old.count) + patch.unpackingByteCount, place)
            try patch.apply(
                oldSize: UInt64(old.count),
                readOld: { offset, count in Array(old[Int(offset)..<Int(offset) + count]) },
                write: { piece in guard packer.append(piece) else { throw InstallationError.badRecipe(place) } })
        } catch let error as BinaryDeltaError {
            throw .badPatch(place, error)
        } catch let error as InstallationError {
            throw error
        } catch {
            throw .badRecipe(place)  // Nothing else is thrown.
        }
        guard packer.finish() else { throw .badRecipe(place) }
        guard packer.isDone else { throw .wrongLength(place) }
        var writer = writer(operation, place)
        try writer.write(packer.bytes[...])
    }

    /// The old data of the operation's patch.
    private func unpackGzip(
        _ operation: PayloadOperation, _ place: OperationPlace, _ recipe: GzipRecipe, besideByteCount: UInt64
    ) throws(InstallationError) -> [UInt8] {
        guard !operation.sourceExtents.isEmpty else {
            guard recipe.source.isEmpty else { throw .badRecipe(place) }
            return []
        }
        let reader = try sourceReader(operation, place, length: nil)
        guard reader.byteCount <= UInt64(GzipRecipe.sideBytesMax),
            let places = GzipPlaces(recipe.source, byteCount: Int(reader.byteCount))
        else { throw .badRecipe(place) }
        // They are read in pieces, which are put together.
        try checkMemory(besideByteCount + 2 * reader.byteCount, place)
        let blocks = try reader.read(at: 0, count: Int(reader.byteCount))
        var content: [UInt8] = []
        for file in recipe.source {
            let limit = min(GzipRecipe.contentBytesMax, GzipRecipe.sideBytesMax - content.count)
            guard let held = GzipMember.unpacked(blocks.gathered(from: file)[...], contentLimit: limit) else {
                throw .badRecipe(place)
            }
            try checkMemory(besideByteCount + reader.byteCount + UInt64(content.count + 2 * held.count), place)
            content += held
        }
        for place in places.between { content += blocks[place] }
        return content
    }
}
