internal import BinaryDelta
internal import FileSystemMaps
internal import PayloadFormat
internal import UpdateModel

extension OperationExecutor {
    /// Unpacks blocks of the source, patches what they hold, and packs the result.
    func patchPacked(
        _ operation: PayloadOperation, _ place: OperationPlace, _ blob: [UInt8]
    ) throws(InstallationError) {
        guard let (recipe, patchBytes) = PackedRecipe.decode(blob) else { throw .badRecipe(place) }
        guard recipe.encoder.libraryVersion == PackedBlock.libraryVersion else {
            throw .otherEncoder(
                place, expected: recipe.encoder.libraryVersion, actual: PackedBlock.libraryVersion)
        }
        try checkMemory(UInt64(recipe.sourceByteCount), place)
        let old = try unpackSource(operation, place, recipe)
        var packer = BlockPacker(recipe)
        var writer = writer(operation, place)
        do {
            let patch = try StreamedPatch(patchBytes, newSizeLimit: UInt64(recipe.targetByteCount))
            try checkMemory(UInt64(old.count) + patch.unpackingByteCount, place)
            try patch.apply(
                oldSize: UInt64(old.count),
                readOld: { offset, count in Array(old[Int(offset)..<Int(offset) + count]) },
                write: { piece in
                    guard try packer.append(piece, write: { block in try writer.write(block) }) else {
                        throw InstallationError.badRecipe(place)
                    }
                })
        } catch let error as BinaryDeltaError {
            throw .badPatch(place, error)
        } catch let error as InstallationError {
            throw error
        } catch {
            throw .badRecipe(place)  // Nothing else is thrown.
        }
        guard packer.isDone else { throw .wrongLength(place) }
        try writer.finish()
    }

    private func unpackSource(
        _ operation: PayloadOperation, _ place: OperationPlace, _ recipe: PackedRecipe
    ) throws(InstallationError) -> [UInt8] {
        guard !recipe.source.isEmpty else { return [] }
        let reader = try oldData(operation, place)
        var content: [UInt8] = []
        content.reserveCapacity(recipe.sourceByteCount)
        for (index, piece) in recipe.source.enumerated() {
            let offset = UInt64(index * PackedBlock.byteCount)
            guard offset + UInt64(PackedBlock.byteCount) <= reader.byteCount else { throw .badRecipe(place) }
            let block = try reader.read(at: offset, count: PackedBlock.byteCount)
            guard let bytes = DeltaImage.unpack(block[...], piece) else { throw .badRecipe(place) }
            content += bytes
        }
        return content
    }
}

extension DeltaImage {
    /// What a block holds; `nil` when it does not.
    static func unpack(_ block: ArraySlice<UInt8>, _ piece: PackedRecipe.Piece) -> ArraySlice<UInt8>? {
        switch piece.form {
        case .packed: PackedBlock.unpack(block, count: piece.byteCount)?[...]
        case .plain: block.prefix(piece.byteCount)
        case .unwritten: nil
        }
    }
}
