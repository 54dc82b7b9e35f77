import FleetDemo
import FoundationEssentials
import UpdateModel

/// Where everything of one journey lies.
///
/// ```text
/// DIR/log/          consoles of the guests, and what the server said
/// DIR/server/       the server's data folder
/// DIR/machine/      disk.img and the firmware's variables
/// IMAGES/           kept between journeys, see ``ImageShelf``
/// ```
struct JourneyPaths: Sendable {
    let root: String
    let images: String
    /// With a short name: the address of a socket has 107 bytes at most.
    let sockets: String
    let isKept: Bool

    var logs: String { "\(root)/log" }
    var server: String { "\(root)/server" }

    /// Makes the folders.
    static func create(images: String, keep: String?) throws -> JourneyPaths {
        let manager = FileManager.default
        func absolute(_ path: String) -> String {
            path.hasPrefix("/") ? path : "\(manager.currentDirectoryPath)/\(path)"
        }
        let temporary = "/tmp/boot-journey-\(UUID().uuidString.prefix(8).lowercased())"
        let paths = JourneyPaths(
            root: keep.map(absolute) ?? temporary, images: absolute(images), sockets: "\(temporary)/s",
            isKept: keep != nil)
        // A folder that cannot be listed is reported when the first file is made in it.
        if manager.fileExists(atPath: paths.root), let names = try? manager.contentsOfDirectory(atPath: paths.root),
            !names.isEmpty
        {
            throw JourneyError.folderNotEmpty(path: paths.root)
        }
        for folder in [paths.logs, paths.images, paths.sockets] { try Folder.make(folder) }
        return paths
    }

    /// Removes what nobody asked to keep; after a failure everything but the sockets stays.
    func tidy(afterFailure: Bool) {
        // What cannot be removed lies in the system's folder for temporary files.
        try? FileManager.default.removeItem(atPath: isKept ? Folder.parent(sockets) : sockets)
        if !isKept, !afterFailure { try? FileManager.default.removeItem(atPath: root) }
    }

    /// A folder for a machine's disk, and one for its sockets.
    func machine(_ name: String) throws -> (folder: String, sockets: String) {
        let pair = (folder: "\(root)/\(name)", sockets: "\(sockets)/\(name)")
        try Folder.make(pair.folder)
        try Folder.make(pair.sockets)
        return pair
    }
}

/// The programs that the journey runs.
struct JourneyPrograms: Sendable {
    let martlet: String
    let daemon: String
    let server: String

    /// The programs in the folder of the running one.
    /// - Throws: ``JourneyError/programMissing(path:)``.
    static func beside(_ executable: String) throws -> JourneyPrograms {
        let folder = Folder.parent(executable)
        let programs = JourneyPrograms(
            martlet: "\(folder)/martlet", daemon: "\(folder)/martletd", server: "\(folder)/martlet-server")
        for path in [programs.martlet, programs.daemon, programs.server]
        where !FileManager.default.isExecutableFile(atPath: path) {
            throw JourneyError.programMissing(path: path)
        }
        return programs
    }

    static func runningExecutable() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}
