import CompressionCodecs
import FoundationEssentials
import HostLinux
import PayloadFormat
import PayloadInstaller
import SlotDevice
import Testing

/// What Flatcar's client does with a payload of format 1, done plainly: the target begins as a copy of the source, every
/// operation reads and writes it at once, and patches go through Debian's own `bspatch`.
///
/// Source: `delta_performer.cc` of flatcar/update_engine.
struct StockClient {
    enum Problem: Error { case unknownOperation, hole, unequalLengths, misplacedData }

    static let bspatch = "/usr/bin/bspatch"
    static var isPossible: Bool { FileManager.default.isExecutableFile(atPath: bspatch) }

    private(set) var disk: [UInt8]
    private let folder: URL

    /// - Parameter sizeBytes: Of the partition; behind the source stands what a former system left.
    init(source: [UInt8], sizeBytes: Int, folder: URL) {
        disk = source + [UInt8](repeating: 0xEE, count: max(0, sizeBytes - source.count))
        self.folder = folder
    }

    mutating func apply(_ payload: [UInt8]) async throws {
        let scan = try PayloadScan(of: MemoryBlockDevice(payload), policy: .unverified)
        var position = Int(scan.header.blobsOffset)
        for operation in scan.manifest.partitions[0].operations {
            let blob = Array(payload[position..<position + Int(operation.dataLength)])
            position += blob.count
            switch operation.kind {
            case .replace: try write(blob, to: operation.targetExtents)
            case .replaceBZ:
                let bytes = try DecompressionReader.decompress(.bzip2, blob[...], outputLimit: 1 << 20)
                try write(bytes, to: operation.targetExtents)
            case .move: try write(read(operation.sourceExtents), to: operation.targetExtents)
            case .bsdiff:
                let old = try read(operation.sourceExtents)
                guard operation.sourceLength == UInt64(old.count) else { throw Problem.unequalLengths }
                let new = try await patched(old, with: blob)
                guard operation.targetLength == UInt64(new.count) else { throw Problem.unequalLengths }
                try write(new, to: operation.targetExtents)
            default: throw Problem.unknownOperation
            }
        }
    }

    private func read(_ extents: [BlockExtent]) throws -> [UInt8] {
        try extents.flatMap { extent in
            guard !extent.isHole else { throw Problem.hole }
            return disk[Int(extent.startBlock) * 4096..<Int(extent.endBlock) * 4096]
        }
    }

    private mutating func write(_ bytes: [UInt8], to extents: [BlockExtent]) throws {
        var rest = bytes[...]
        for extent in extents {
            guard !extent.isHole else { throw Problem.hole }
            let piece = rest.prefix(Int(extent.blockCount) * 4096)
            rest = rest.dropFirst(piece.count)
            let start = Int(extent.startBlock) * 4096
            disk.replaceSubrange(start..<start + piece.count, with: piece)
        }
        guard rest.isEmpty else { throw Problem.unequalLengths }
    }

    private func patched(_ old: [UInt8], with patch: [UInt8]) async throws -> [UInt8] {
        let paths = ["old", "new", "patch"].map { folder.appending(path: $0).path() }
        try Data(old).write(to: URL(filePath: paths[0]))
        try Data(patch).write(to: URL(filePath: paths[2]))
        let result = try await CommandRunner().run(Self.bspatch, paths, timeLimit: .seconds(60))
        try #require(result.isSuccess, "\(result.output)")
        return Array(try Data(contentsOf: URL(filePath: paths[1])))
    }
}
