internal import BinaryDelta
internal import CompressionCodecs
internal import ContentTrust
internal import PayloadFormat

extension DeltaEncoder {
    /// The operation of files that gzip packed. One that cannot be made again bit for bit is told as it is.
    func gzip(_ group: GzipGroup) throws(PayloadBuildError) -> Encoded {
        let blocks = (old: try source.bytes(of: group.source.spans), new: try target.bytes(of: group.target.spans))
        let (files, contents) = Self.remade(group, blocks.new)
        let old = Self.unpacked(group, blocks.old, wanted: Set(contents.compactMap(\.index)))
        let recipe = GzipRecipe(source: old.files, target: files)
        var maker = StreamedPatchMaker(effort: patchEffort)
        for (content, index) in contents {
            try add(content, to: &maker, resembling: index.flatMap { old.contents[$0] }, of: old.bytes)
        }
        let between = blocks.new.gathered(from: Self.between(files.map(\.places), blocks.new.count))
        try add(between, to: &maker, resembling: old.between, of: old.bytes)
        let opening: [UInt8]
        do throws(CodecError) { opening = try recipe.encoded() } catch { throw .compression(error) }
        let patch = try attempt { () throws(BinaryDeltaError) in try maker.patch(old: old.bytes[...]) }
        return Encoded(
            kind: .gzipPatch, blob: opening + patch, sourceExtents: group.source.spans.extents,
            targetExtents: group.target.spans.extents,
            sourceDigest: group.source.blocks.isEmpty ? nil : StreamDigest.digest(of: blocks.old))
    }

    /// The files that can be made again, and what each holds, with the number of what it was in the source's map.
    private static func remade(
        _ group: GzipGroup, _ blocks: [UInt8]
    ) -> (files: [GzipRecipe.File], contents: [(content: [UInt8], index: Int?)]) {
        var files: [GzipRecipe.File] = []
        var contents: [(content: [UInt8], index: Int?)] = []
        var taken = TakenBytes(byteCount: blocks.count)
        for unit in group.units {
            let places = group.target.places(of: unit.target.places)
            guard
                let (member, content) = GzipMember.remade(
                    from: blocks.gathered(from: places)[...], contentLimit: GzipRecipe.contentBytesMax),
                taken.take(places)
            else { continue }
            files.append(GzipRecipe.File(member: member, contentByteCount: content.count, places: places))
            contents.append((content, unit.source?.index))
        }
        return (files, contents)
    }

    private struct OldData {
        var bytes: [UInt8] = []
        /// The places of files that could be unpacked, in the order of their contents.
        var files: [[Range<Int>]] = []
        /// Where in ``bytes`` the content of a file stands, by the file's number in the source's map.
        var contents: [Int: Range<Int>] = [:]
        /// Where in ``bytes`` that stands which belongs to no file.
        var between = 0..<0
    }

    /// - Parameter wanted: The numbers of the files that are unpacked. What others resemble is packed on both sides.
    private static func unpacked(_ group: GzipGroup, _ blocks: [UInt8], wanted: Set<Int>) -> OldData {
        var old = OldData()
        var left = wanted
        var taken = TakenBytes(byteCount: blocks.count)
        for unit in group.units {
            guard let source = unit.source, left.remove(source.index) != nil else { continue }
            let places = group.source.places(of: source.file.places)
            let packed = blocks.gathered(from: places)
            guard let content = GzipMember.unpacked(packed[...], contentLimit: GzipRecipe.contentBytesMax),
                taken.take(places)
            else { continue }
            old.files.append(places)
            old.contents[source.index] = old.bytes.count..<old.bytes.count + content.count
            old.bytes += content
        }
        let start = old.bytes.count
        old.bytes += blocks.gathered(from: between(old.files, blocks.count))
        old.between = start..<old.bytes.count
        return old
    }

    private static func between(_ files: [[Range<Int>]], _ byteCount: Int) -> [Range<Int>] {
        GzipPlaces(files, byteCount: byteCount)?.between ?? []
    }

    private func add(
        _ new: [UInt8], to maker: inout StreamedPatchMaker, resembling place: Range<Int>?, of old: [UInt8]
    ) throws(PayloadBuildError) {
        guard !new.isEmpty else { return }
        try attempt { () throws(BinaryDeltaError) in
            if let place, !place.isEmpty {
                try maker.add(new[...], resembling: old[place], at: place.lowerBound)
            } else {
                maker.add(new[...])
            }
        }
    }
}

/// Which bytes belong to files already. Files overlap where blocks are shared, or an image makes no sense.
private struct TakenBytes {
    private var isTaken: [Bool]

    init(byteCount: Int) { isTaken = [Bool](repeating: false, count: byteCount) }

    /// - Returns: `false`, and nothing is taken, where a byte was taken before.
    mutating func take(_ places: [Range<Int>]) -> Bool {
        guard places.allSatisfy({ place in !isTaken[place].contains(true) }) else { return false }
        for index in places.joined() { isTaken[index] = true }
        return true
    }
}
