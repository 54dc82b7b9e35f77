internal import FoundationEssentials
internal import HostLinux

/// A program of the building host.
package enum HostTool: String, CaseIterable, Sendable {
    case mmdebstrap
    case aptGet = "apt-get"
    case dpkgDeb = "dpkg-deb"
    case dpkgQuery = "dpkg-query"
    case tar
    case depmod
    case chroot
    case strip
    case objcopy
    case zstd
    case makeErofs = "mkfs.erofs"
    case verity = "veritysetup"
    case partition = "sfdisk"
    case makeFat = "mkfs.vfat"
    case makeDirectory = "mmd"
    case copyFile = "mcopy"
    case makeExt4 = "mke2fs"
    case copy = "cp"
    case shell = "sh"
    case remove = "rm"
    case partitionProbe = "partx"
    case wipe = "wipefs"
    case sign = "sbsign"

    /// The Debian package that has it.
    package var package: String {
        switch self {
        case .mmdebstrap: "mmdebstrap"
        case .aptGet: "apt"
        case .dpkgDeb, .dpkgQuery: "dpkg"
        case .tar: "tar"
        case .depmod: "kmod"
        case .strip, .objcopy: "binutils"
        case .zstd: "zstd"
        case .makeErofs: "erofs-utils"
        case .verity: "cryptsetup-bin"
        case .partition: "fdisk"
        case .makeFat: "dosfstools"
        case .makeDirectory, .copyFile: "mtools"
        case .makeExt4: "e2fsprogs"
        case .chroot, .copy, .remove: "coreutils"
        case .shell: "dash"
        case .partitionProbe, .wipe: "util-linux"
        case .sign: "sbsigntool"
        }
    }

    /// Its path; `nil` when the host lacks it.
    package var path: String? {
        CommandRunner.searchPath.split(separator: ":").map { "\($0)/\(rawValue)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// - Parameter files: paths that must exist too, each with the Debian package that has it.
    /// - Throws: ``ImageError/missingTools(names:packages:)`` with everything that is missing, in one go.
    package static func require(_ tools: [HostTool], files: [(path: String, package: String)] = []) throws(ImageError) {
        let missingTools = tools.filter { $0.path == nil }
        let missingFiles = files.filter { !FileManager.default.fileExists(atPath: $0.path) }
        guard !missingTools.isEmpty || !missingFiles.isEmpty else { return }
        throw .missingTools(
            names: missingTools.map(\.rawValue) + missingFiles.map(\.path),
            packages: Set(missingTools.map(\.package) + missingFiles.map(\.package)).sorted())
    }
}
