package import SlotDevice

/// A FAT16 or FAT32 file system that is read and never repaired: what is torn shows as such.
///
/// Source: Microsoft FAT specification, 2005; ECMA-107.
package struct FATVolume: Sendable {
    private let device: any BlockDevice
    private let clusterBytes: Int
    private let clusterCount: Int
    private let entryBytes: Int
    /// The first copy of the table of clusters: that is the one that loader and kernel read.
    private let table: [UInt8]
    /// Where cluster 2 begins; all before it is about the file system itself.
    package let contentOffsetBytes: UInt64
    private let root: Root

    private enum Root: Hashable, Sendable {
        case cluster(Int)
        case area(Range<UInt64>)
    }

    package init(_ device: any BlockDevice) throws(EspProofError) {
        self.device = device
        let boot = try Self.read(device, 0, 512)
        let sectorBytes = boot.unsigned16(at: 11)
        let clusterSectors = Int(boot[13])
        guard [512, 1024, 2048, 4096].contains(sectorBytes), clusterSectors > 0, boot[16] > 0 else {
            throw .badVolume(reason: "its first sector does not say how it is made")
        }
        let tableSectors = boot.unsigned16(at: 22) > 0 ? boot.unsigned16(at: 22) : boot.unsigned32(at: 36)
        let sectors = boot.unsigned16(at: 19) > 0 ? boot.unsigned16(at: 19) : boot.unsigned32(at: 32)
        let reserved = boot.unsigned16(at: 14)
        let rootStart = reserved + Int(boot[16]) * tableSectors
        let rootSectors = (boot.unsigned16(at: 17) * 32 + sectorBytes - 1) / sectorBytes
        guard tableSectors < 1 << 24, rootStart + rootSectors < sectors else {
            throw .badVolume(reason: "its tables are larger than itself")
        }
        clusterBytes = clusterSectors * sectorBytes
        clusterCount = (sectors - rootStart - rootSectors) / clusterSectors
        guard clusterCount >= 4085 else { throw .badVolume(reason: "it is of the oldest kind, FAT12") }
        entryBytes = clusterCount < 65525 ? 2 : 4
        guard tableSectors * sectorBytes >= (clusterCount + 2) * entryBytes else {
            throw .badVolume(reason: "its tables are smaller than they must be")
        }
        table = try Self.read(device, UInt64(reserved * sectorBytes), (clusterCount + 2) * entryBytes)
        contentOffsetBytes = UInt64((rootStart + rootSectors) * sectorBytes)
        let area = UInt64(rootStart * sectorBytes)..<contentOffsetBytes
        root = entryBytes == 2 ? .area(area) : .cluster(boot.unsigned32(at: 44))
    }

    /// The clusters of a chain from `first`, at most `countMax`; shorter when it ends or makes no sense.
    func chain(from first: Int, countMax: Int) -> [Int] {
        var chain: [Int] = []
        var cluster = first
        let marks = entryBytes == 2 ? 0xFFF0 : 0x0FFF_FFF0
        while chain.count < min(countMax, clusterCount), (2..<clusterCount + 2).contains(cluster), cluster < marks {
            chain.append(cluster)
            let place = cluster * entryBytes
            cluster = entryBytes == 2 ? table.unsigned16(at: place) : table.unsigned32(at: place) & 0x0FFF_FFFF
        }
        return chain
    }

    /// The bytes of the volume that clusters take, neighbours as one.
    func ranges(of clusters: [Int]) -> [Range<UInt64>] {
        var ranges: [Range<UInt64>] = []
        for cluster in clusters {
            let start = contentOffsetBytes + UInt64(cluster - 2) * UInt64(clusterBytes)
            if let last = ranges.last, last.upperBound == start {
                ranges[ranges.count - 1] = last.lowerBound..<start + UInt64(clusterBytes)
            } else {
                ranges.append(start..<start + UInt64(clusterBytes))
            }
        }
        return ranges
    }

    /// The clusters that a file of `sizeBytes` needs.
    func clusters(for sizeBytes: UInt64) -> Int {
        Int((sizeBytes + UInt64(clusterBytes) - 1) / UInt64(clusterBytes))
    }

    func bytes(_ range: Range<UInt64>) throws(EspProofError) -> [UInt8] {
        try Self.read(device, range.lowerBound, Int(range.upperBound - range.lowerBound))
    }

    /// The bytes of a directory; `nil`: the root.
    func directoryRanges(_ file: FATFile?) -> [Range<UInt64>] {
        switch (file, root) {
        case (nil, .area(let area)): [area]
        case (nil, .cluster(let first)): ranges(of: chain(from: first, countMax: Self.directoryClustersMax))
        case (let file?, _): ranges(of: chain(from: file.firstCluster, countMax: Self.directoryClustersMax))
        }
    }

    private static let directoryClustersMax = 4096

    private static func read(
        _ device: any BlockDevice, _ offset: UInt64, _ count: Int
    ) throws(EspProofError) -> [UInt8] {
        guard device.contains(offsetBytes: offset, count: count) else { throw .badVolume(reason: "it ends too early") }
        do { return try device.read(at: offset, count: count) } catch { throw .device(error) }
    }
}
