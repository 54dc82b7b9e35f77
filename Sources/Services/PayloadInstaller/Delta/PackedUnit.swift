internal import FileSystemMaps
internal import SlotDevice

/// Blocks of a compressed file of the target that changed, and the blocks of the source that hold what they may resemble.
struct PackedUnit: Sendable {
    /// Stretches of the file without gap.
    struct Run: Sendable {
        var clusters: [CompressedCluster]
        /// What follows in the file, as far as the encoder looks.
        var following: [CompressedCluster]
    }

    var runs: [Run]
    var source: [CompressedCluster]
    /// Blocks of the target that earlier operations write; then there are none of the source.
    var written: [CompressedCluster] = []

    var targetByteCount: Int { runs.reduce(0) { $0 + ($1.clusters + $1.following).reduce(0) { $0 + $1.byteCount } } }
    var sourceByteCount: Int { (source + written).reduce(0) { $0 + $1.byteCount } }

    /// Puts as many units together as one operation may hold in memory.
    static func groups(of units: [PackedUnit]) -> [[PackedUnit]] {
        var groups: [[PackedUnit]] = []
        var (target, source) = (0, 0)
        for unit in units {
            target += unit.targetByteCount
            source += unit.sourceByteCount
            if groups.isEmpty || max(target, source) > PackedRecipe.unpackedBytesMax {
                groups.append([])
                (target, source) = (unit.targetByteCount, unit.sourceByteCount)
            }
            groups[groups.count - 1].append(unit)
        }
        return groups
    }
}

extension PackedUnit {
    /// The unit of a piece, as far as what it refers to fits into memory.
    /// - Parameter clusters: Those of the target, by their block.
    init(_ piece: WrittenContent<PackedUnit>.Piece, clusters: [Int: CompressedCluster]) {
        self = piece.unit
        var byteCount = 0
        for cluster in piece.written.flatMap({ $0.start..<$0.end }).compactMap({ clusters[$0] }) {
            byteCount += cluster.byteCount
            guard byteCount <= PackedRecipe.unpackedBytesMax else { break }
            written.append(cluster)
        }
    }
}

extension PackedUnit {
    /// Unchanged blocks between changed ones that are made anew rather than told apart.
    private static let gapMax = 2

    /// The units of one file.
    /// - Parameter isNew: Whether the source has no such block.
    static func units(
        of file: [CompressedCluster], source: [CompressedCluster], isNew: (CompressedCluster) -> Bool
    ) -> [PackedUnit] {
        let whole = max(1, file.last.map { Int($0.offsetBytes) + $0.byteCount } ?? 0)
        var units: [PackedUnit] = []
        var unit = PackedUnit(runs: [], source: [])
        var start = 0
        func close() {
            guard let first = unit.runs.first?.clusters.first else { return }
            unit.source = window(of: source, around: Double(first.offsetBytes) + Double(start) / 2, ofAll: whole)
            units.append(unit)
            (unit, start) = (PackedUnit(runs: [], source: []), 0)
        }
        for run in changedRuns(of: file, isNew: isNew) {
            let byteCount = file[run].reduce(0) { $0 + $1.byteCount }
            if start + byteCount > unitBytesMax { close() }
            let following = file[run.upperBound...].prefix(lookaheadClusters(file[run.upperBound...]))
            unit.runs.append(Run(clusters: Array(file[run]), following: Array(following)))
            start += byteCount
        }
        close()
        return units
    }

    /// Half of what an operation may hold, so that a window of the source that is somewhat larger fits too.
    private static let unitBytesMax = PackedRecipe.unpackedBytesMax / 2

    private static func changedRuns(
        of file: [CompressedCluster], isNew: (CompressedCluster) -> Bool
    ) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var byteCount = 0
        for index in file.indices where isNew(file[index]) {
            byteCount += file[index].byteCount
            if let last = runs.last, index - last.upperBound <= gapMax, byteCount <= unitBytesMax / 2 {
                runs[runs.count - 1] = last.lowerBound..<index + 1
            } else {
                runs.append(index..<index + 1)
                byteCount = file[index].byteCount
            }
        }
        return runs
    }

    private static func lookaheadClusters(_ rest: ArraySlice<CompressedCluster>) -> Int {
        var byteCount = 0
        return rest.prefix { cluster in
            defer { byteCount += cluster.byteCount }
            return byteCount < PackedBlock.lookaheadByteCount
        }.count
    }

    /// The part of the source at the same share of its file.
    private static func window(
        of source: [CompressedCluster], around center: Double, ofAll whole: Int
    ) -> [CompressedCluster] {
        let total = source.reduce(0) { $0 + $1.byteCount }
        guard total > PackedRecipe.unpackedBytesMax else { return source }
        let middle = Int(center / Double(whole) * Double(total))
        let half = PackedRecipe.unpackedBytesMax / 2
        let start = max(0, min(total - 2 * half, middle - half))
        return source.filter { Int($0.offsetBytes) >= start && Int($0.offsetBytes) + $0.byteCount <= start + 2 * half }
    }
}

extension DeltaImage {
    /// The encoder that made the image's compressed blocks, as far as a sample tells; `nil` when none of those known did.
    func packedEncoder() throws(PayloadBuildError) -> PackedBlock.Encoder? {
        let sample = packedSample()
        var best: (encoder: PackedBlock.Encoder, count: Int)?
        // The usual ones first.
        for level in [9, 12, 0, 8, 7, 6, 5, 4, 3, 2, 1, 10, 11] {
            guard let encoder = PackedBlock.Encoder(level: level) else { continue }
            var count = 0
            for (cluster, following) in sample {
                guard let content = try unpacked([cluster] + following) else { continue }
                let block = PackedBlock.pack(content[...], count: cluster.byteCount, with: encoder)
                if block == (try self.block(cluster.block)) { count += 1 }
            }
            if count > best?.count ?? 0 { best = (encoder, count) }
            if count == sample.count { break }
        }
        return best?.encoder
    }

    private static let sampleMax = 24

    private func packedSample() -> [(CompressedCluster, [CompressedCluster])] {
        var sample: [(CompressedCluster, [CompressedCluster])] = []
        for file in map?.files ?? [] where file.clusters.count > 3 && sample.count < Self.sampleMax {
            let index = file.clusters.count / 2
            guard !file.clusters[index].isPlain else { continue }
            sample.append((file.clusters[index], Array(file.clusters[(index + 1)...].prefix(2))))
        }
        return sample
    }

    func block(_ number: UInt64) throws(PayloadBuildError) -> [UInt8] {
        guard let start = Int(exactly: number), start < blockCount else { return [] }
        return try bytes(of: [BlockSpan(start: start, count: 1)])
    }

    /// What neighbouring clusters hold together; `nil` when one of them is damaged.
    func unpacked(_ clusters: [CompressedCluster]) throws(PayloadBuildError) -> [UInt8]? {
        var content: [UInt8] = []
        for cluster in clusters {
            guard let bytes = Self.unpack(try block(cluster.block)[...], cluster.piece) else { return nil }
            content += bytes
        }
        return content
    }
}

extension CompressedCluster {
    var piece: PackedRecipe.Piece { PackedRecipe.Piece(byteCount: byteCount, form: isPlain ? .plain : .packed) }
}
