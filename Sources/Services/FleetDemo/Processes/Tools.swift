import FoundationEssentials
import Glibc

/// The programs that the demo runs.
struct Programs: Sendable {
    let martlet: String
    let daemon: String
    let server: String

    /// The programs in the folder of the running one.
    ///
    /// - Throws: ``DemoError/programMissing(path:)``.
    static func beside(_ executable: String) throws(DemoError) -> Programs {
        let folder = Folder.parent(executable)
        let programs = Programs(
            martlet: "\(folder)/martlet", daemon: "\(folder)/martletd", server: "\(folder)/martlet-server")
        for path in [programs.martlet, programs.daemon, programs.server]
        where !FileManager.default.isExecutableFile(atPath: path) {
            throw .programMissing(path: path)
        }
        return programs
    }

    /// The file that this process runs.
    static func runningExecutable() throws(DemoError) -> String {
        do {
            return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        } catch {
            throw .fileFailed(path: "/proc/self/exe", reason: "it cannot be read")
        }
    }
}

/// Tools of the system that the demo needs, found in the places where Debian puts them and in `PATH`.
enum SystemTool: String, CaseIterable, Sendable {
    case makeFileSystem = "mke2fs"
    case editFileSystem = "debugfs"
    case packageManager = "apt-get"
    case packageQuery = "apt-cache"
    case packageArchive = "dpkg-deb"

    private var package: String {
        switch self {
        case .makeFileSystem, .editFileSystem: "e2fsprogs"
        case .packageManager, .packageQuery: "apt"
        case .packageArchive: "dpkg"
        }
    }

    /// - Throws: ``DemoError/toolMissing(name:package:)``.
    func path() throws(DemoError) -> String {
        let variable = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
        let folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"] + variable.split(separator: ":").map(String.init)
        for folder in folders {
            let path = "\(folder)/\(rawValue)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw .toolMissing(name: rawValue, package: package)
    }
}
