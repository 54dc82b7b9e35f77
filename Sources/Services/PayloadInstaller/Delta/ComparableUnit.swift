internal import FileSystemMaps

/// A file of the target, or a part of one, that can be compared with others by what it holds.
protocol ComparableUnit: Sendable {
    var contentByteCount: Int { get }
    /// The blocks of the target that an operation for it makes.
    var targetBlocks: [Int] { get }
    /// Itself, in parts that are small enough to resemble a few places.
    var pieces: [Self] { get }
    var withoutSource: Self { get }
    func samples(of target: DeltaImage) throws(PayloadBuildError) -> [ContentSample]
    /// Of what it was.
    func samples(ofSource source: DeltaImage) throws(PayloadBuildError) -> [ContentSample]
    /// How many blocks of the target are referred to at once, and at most.
    static var regionBlockCount: Int { get }
    static var writtenBlocksMax: Int { get }
}

/// The hash of 64 bytes that chose themselves, and the block that they end in.
struct ContentSample {
    let hash: UInt64
    let block: Int
}

extension DeltaUnit: ComparableUnit {
    static let regionBlockCount = 32
    static let writtenBlocksMax = DeltaGroup.sourceBlocksMax
    private static let pieceBlocksMax = 1024

    var contentByteCount: Int { target.byteCount }
    var targetBlocks: [Int] { target.flatMap { $0.start..<$0.end } }

    var pieces: [DeltaUnit] {
        stride(from: 0, to: target.blockCount, by: Self.pieceBlocksMax).map { start in
            let piece = target.dropping(start).window(of: Self.pieceBlocksMax, around: 0)
            let center = (Double(start) + Double(piece.blockCount) / 2) / Double(target.blockCount)
            return DeltaUnit(target: piece, source: source.window(of: DeltaGroup.sourceBlocksMax, around: center))
        }
    }

    var withoutSource: DeltaUnit { DeltaUnit(target: target, source: []) }

    func samples(of target: DeltaImage) throws(PayloadBuildError) -> [ContentSample] {
        try Self.samples(in: self.target, of: target)
    }

    func samples(ofSource source: DeltaImage) throws(PayloadBuildError) -> [ContentSample] {
        try Self.samples(in: self.source, of: source)
    }

    private static func samples(
        in spans: [BlockSpan], of image: DeltaImage
    ) throws(PayloadBuildError) -> [ContentSample] {
        var samples: [ContentSample] = []
        for span in spans {
            // Each by itself: what stands at a seam stands nowhere.
            var roller = ContentRoller()
            roller.forEachPlace(in: try image.bytes(of: [span])) { hash, offset in
                samples.append(ContentSample(hash: hash, block: span.start + offset / Int(DeltaImage.blockSize)))
            }
        }
        return samples
    }
}

extension PackedUnit: ComparableUnit {
    static let regionBlockCount = 16
    static let writtenBlocksMax = 1024

    var contentByteCount: Int { targetByteCount }
    var targetBlocks: [Int] { runs.flatMap(\.clusters).map { Int($0.block) } }
    /// Files are cut already.
    var pieces: [PackedUnit] { [self] }
    var withoutSource: PackedUnit { PackedUnit(runs: runs, source: []) }

    func samples(of target: DeltaImage) throws(PayloadBuildError) -> [ContentSample] {
        var samples: [ContentSample] = []
        for run in runs { samples += try Self.samples(in: run.clusters, of: target) }
        return samples
    }

    func samples(ofSource source: DeltaImage) throws(PayloadBuildError) -> [ContentSample] {
        try Self.samples(in: self.source, of: source)
    }

    private static func samples(
        in clusters: [CompressedCluster], of image: DeltaImage
    ) throws(PayloadBuildError) -> [ContentSample] {
        var samples: [ContentSample] = []
        var roller = ContentRoller()
        for cluster in clusters {
            guard let content = try image.unpacked([cluster]) else { continue }
            roller.forEachPlace(in: content) { hash, _ in
                samples.append(ContentSample(hash: hash, block: Int(cluster.block)))
            }
        }
        return samples
    }
}

extension DeltaPlan.Step {
    /// The blocks of the files that others may refer to.
    var comparedBlocks: [Int] {
        switch self {
        case .patch(let group): group.units.flatMap(\.targetBlocks)
        case .packed(let units, _): units.flatMap(\.targetBlocks)
        case .copy, .zero, .gzip: []
        }
    }
}
