/// Which kind of FAT an ESP gets. The number of clusters alone tells a reader the kind, so both must fit: mkfs.vfat
/// looks at the whole disk when it guesses.
///
/// Source: Microsoft, FAT: General Overview of On-Disk Format 1.03, “FAT Type Determination”.
package struct FatParameters: Hashable, Sendable {
    /// 16 or 32.
    package let bits: Int
    package let sectorsPerCluster: Int

    /// From here on a FAT has 32 bits; some room is left for what is no cluster.
    private static let clustersMin32 = 65_525 + 8192

    package init(sizeBytes: UInt64, sectorBytes: Int) {
        let sectors = Int(sizeBytes) / sectorBytes
        // Larger clusters make a shorter table; 32 bits as soon as there are enough.
        if let size = [8, 4, 2, 1].first(where: { sectors / $0 >= Self.clustersMin32 }) {
            (bits, sectorsPerCluster) = (32, size)
        } else {
            (bits, sectorsPerCluster) = (16, 2)
        }
    }

    package var arguments: [String] { ["-F", "\(bits)", "-s", "\(sectorsPerCluster)"] }
}
