import FoundationEssentials
import Glibc

/// A program of the system that this room runs, and the Debian package that has it.
package enum HostTool: String, CaseIterable, Sendable {
    case emulator = "qemu-system-x86_64"
    case listDirectory = "mdir"
    case copyFile = "mcopy"
    case deleteFile = "mdel"
    case describeFileSystem = "dump.erofs"
    case nice = "nice"

    private var package: String {
        switch self {
        case .emulator: "qemu-system-x86"
        case .listDirectory, .copyFile, .deleteFile: "mtools"
        case .describeFileSystem: "erofs-utils"
        case .nice: "coreutils"
        }
    }

    /// Where it is.
    /// - Throws: ``QemuError/missing(name:package:)``.
    package func path() throws(QemuError) -> String {
        let variable = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
        let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"] + variable.split(separator: ":").map(String.init)
        for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(rawValue)") {
            return "\(folder)/\(rawValue)"
        }
        throw .missing(name: rawValue, package: package)
    }
}
