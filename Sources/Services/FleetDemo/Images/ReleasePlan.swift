package import UpdateModel

/// What the three releases of the story have in common, and what sets them apart.
package struct ReleasePlan: Sendable {
    package let version: Version
    /// Folders of kernel modules that the release ships.
    package let moduleFolders: [String]
    /// Where the release's web service looks for its pages, below the image's root.
    package let serviceHome: String
    package let notes: String

    /// The folder in which every release ships its pages.
    package static let pageFolder = "share/www"

    /// 1.0.0 and 2.0.0 are good. 3.0.0 has a mistake of the kind that tests miss: its service looks for its pages in a
    /// folder that the image does not have.
    package static func all() throws(InvalidVersion) -> [ReleasePlan] {
        let fileSystems = ["btrfs", "xfs", "overlayfs", "fuse", "erofs", "fat", "nls", "nfs"].map { "fs/\($0)" }
        let common = fileSystems + ["crypto", "lib"]
        return [
            ReleasePlan(
                version: try Version("1.0.0"), moduleFolders: common, serviceHome: pageFolder,
                notes: "The first release."),
            ReleasePlan(
                version: try Version("2.0.0"), moduleFolders: common + ["drivers/virtio", "drivers/block"],
                serviceHome: pageFolder, notes: "Drivers for virtual disks."),
            ReleasePlan(
                version: try Version("3.0.0"),
                moduleFolders: common + ["drivers/virtio", "drivers/block", "drivers/nvme"],
                serviceHome: "share/site", notes: "Drivers for NVMe; the pages move."),
        ]
    }
}
