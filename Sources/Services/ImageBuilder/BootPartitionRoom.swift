/// Whether the ESP can take an update: both slots' kernel images, and a third that is written aside before it takes the
/// place of one of them. Without the room for it a machine boots, and no update ever ends.
package struct BootPartitionRoom: Hashable, Sendable {
    private let sizeBytes: UInt64

    package init(_ sizes: PartitionSizes) { sizeBytes = UInt64(sizes.espMebibytes) << 20 }

    /// For the FAT's reserved sectors and folders, the loader's settings, and the last cluster of each file.
    private static let smallThings: UInt64 = 1 << 20

    /// What files can take of it.
    package var filesBytesMax: UInt64 {
        let sectorBytes = 512  // With larger sectors the tables are shorter.
        let fat = FatParameters(sizeBytes: sizeBytes, sectorBytes: sectorBytes)
        let clusters = sizeBytes / UInt64(fat.sectorsPerCluster * sectorBytes)
        let tables = 2 * clusters * UInt64(fat.bits) / 8
        return sizeBytes - tables - Self.smallThings
    }

    /// - Parameter loaderBytes: it is there twice, under its own name and the firmware's.
    /// - Throws: ``ImageError/bootPartitionTooSmall(kernelImageBytes:neededMebibytes:sizeMebibytes:)``.
    package func check(kernelImageBytes: UInt64, loaderBytes: UInt64) throws(ImageError) {
        let files = 3 * kernelImageBytes + 2 * loaderBytes
        guard files > filesBytesMax else { return }
        let needed = sizeBytes - filesBytesMax + files
        throw .bootPartitionTooSmall(
            kernelImageBytes: kernelImageBytes, neededMebibytes: Int(needed >> 20) + 1,
            sizeMebibytes: Int(sizeBytes >> 20))
    }
}
