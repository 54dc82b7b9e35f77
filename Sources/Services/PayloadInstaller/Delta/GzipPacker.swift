internal import CompressionCodecs

/// Puts blocks together from new data that comes in pieces of any size, as a recipe says.
struct GzipPacker {
    /// The blocks, as far as they are made.
    private(set) var bytes: [UInt8]

    private var files: ArraySlice<GzipRecipe.File>
    private var between: ArraySlice<Range<Int>>
    /// What the next file holds, as far as it is there.
    private var content: [UInt8] = []

    /// - Returns: `nil` where the recipe's files do not fit into so many bytes.
    init?(_ recipe: GzipRecipe, byteCount: Int) {
        guard let places = GzipPlaces(recipe.target.map(\.places), byteCount: byteCount) else { return nil }
        bytes = [UInt8](repeating: 0, count: byteCount)
        (files, between) = (recipe.target[...], places.between[...])
        newByteCount = recipe.target.reduce(0) { $0 + $1.contentByteCount } + places.betweenByteCount
    }

    /// How much new data there is to be.
    let newByteCount: Int

    /// - Returns: Whether everything went where it was to go.
    mutating func append(_ piece: ArraySlice<UInt8>) -> Bool {
        var rest = piece
        while !rest.isEmpty {
            if let file = files.first {
                let taken = rest.prefix(file.contentByteCount - content.count)
                content += taken
                rest = rest.dropFirst(taken.count)
            } else if let place = between.first {
                let taken = rest.prefix(place.count)
                bytes.replaceSubrange(place.lowerBound..<place.lowerBound + taken.count, with: taken)
                between[between.startIndex] = place.lowerBound + taken.count..<place.upperBound
                if taken.count == place.count { between.removeFirst() }
                rest = rest.dropFirst(taken.count)
            } else {
                return false
            }
            guard packFiles() else { return false }
        }
        return true
    }

    /// - Returns: Whether all blocks are made.
    mutating func finish() -> Bool { packFiles() && files.isEmpty && between.isEmpty }

    /// Packs the files that are whole. One may hold nothing.
    private mutating func packFiles() -> Bool {
        while let file = files.first, content.count == file.contentByteCount {
            guard var packed = file.member.file(holding: content[...])?[...],
                packed.count == file.places.reduce(0, { $0 + $1.count })
            else { return false }
            for place in file.places {
                bytes.replaceSubrange(place, with: packed.prefix(place.count))
                packed = packed.dropFirst(place.count)
            }
            files.removeFirst()
            content.removeAll(keepingCapacity: true)
        }
        return true
    }
}
