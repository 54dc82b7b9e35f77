package import FoundationEssentials
package import UpdateModel

/// Where everything of one demo lies.
///
/// ```text
/// DIR/keys/            the signing key, and a folder of public keys for the machines
/// DIR/images/          the images and kernels of each release
/// DIR/payloads/        the signed payloads
/// DIR/server/          the server's data folder
/// DIR/machines/<id>/   disk.img, boot/, state/, run/root/, martletd.toml
/// DIR/log/             what each process said
/// DIR/summary.json     what happened
/// ```
package struct DemoPaths: Sendable {
    package let root: String
    /// A short path, because the address of a Unix socket has 107 bytes at most.
    package let sockets: String
    /// Whether the folder outlives the demo.
    package let isKept: Bool

    package init(root: String, sockets: String, isKept: Bool) {
        self.root = root
        self.sockets = sockets
        self.isKept = isKept
    }

    package var keys: String { "\(root)/keys" }
    package var privateKey: String { "\(keys)/signing.pem" }
    package var publicKeys: String { "\(keys)/trusted" }
    package var publicKey: String { "\(publicKeys)/release.pem" }
    /// For the page: sees everything, changes nothing.
    package var viewerToken: String { "\(keys)/viewer-token" }
    package var images: String { "\(root)/images" }
    package var payloads: String { "\(root)/payloads" }
    package var server: String { "\(root)/server" }
    package var machines: String { "\(root)/machines" }
    package var logs: String { "\(root)/log" }
    package var summary: String { "\(root)/summary.json" }

    package func image(_ version: Version) -> String { "\(images)/\(version).img" }
    package func kernel(_ version: Version) -> String { "\(images)/vmlinuz-\(version)" }
    package func payload(_ version: Version) -> String { "\(payloads)/\(version).crau" }

    /// Makes the folders.
    ///
    /// - Parameter keep: the folder that was asked for; `nil` for a temporary one.
    /// - Throws: ``DemoError``.
    package static func create(keep: String?) throws(DemoError) -> DemoPaths {
        let kept = try keep.map(emptyFolder)
        let temporary = try makeTemporaryFolder()
        let root = kept ?? temporary
        let paths = DemoPaths(root: root, sockets: "\(temporary)/s", isKept: keep != nil)
        for folder in [
            paths.publicKeys, paths.images, paths.payloads, paths.machines, paths.logs, paths.sockets,
        ] {
            try Folder.make(folder)
        }
        return paths
    }

    /// Removes what nobody asked to keep.
    package func remove() {
        // What cannot be removed lies in the system's folder for temporary files.
        try? FileManager.default.removeItem(atPath: Folder.parent(sockets))
    }

    private static func emptyFolder(_ path: String) throws(DemoError) -> String {
        let manager = FileManager.default
        let path = path.hasPrefix("/") ? path : "\(manager.currentDirectoryPath)/\(path)"
        try Folder.make(path)
        // A folder that cannot be listed is reported when the first file is made in it.
        let names = (try? manager.contentsOfDirectory(atPath: path)) ?? []
        guard names.isEmpty else { throw .folderNotEmpty(path: path) }
        return path
    }

    private static func makeTemporaryFolder() throws(DemoError) -> String {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        let tag = String(UUID().uuidString.prefix(8)).lowercased()
        // A very long TMPDIR leaves no room for the name of a socket.
        let path = "\(base.utf8.count > 40 ? "/tmp" : base)/martlet-demo-\(tag)"
        try Folder.make(path)
        return path
    }
}

/// Small things that are done with folders and files, with errors that name the path.
package enum Folder {
    package static func make(_ path: String) throws(DemoError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .fileFailed(path: path, reason: "the folder cannot be made")
        }
    }

    package static func write(_ text: String, to path: String, isExecutable: Bool = false) throws(DemoError) {
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else {
            throw .fileFailed(path: path, reason: "it cannot be written")
        }
        guard isExecutable else { return }
        do {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        } catch {
            throw .fileFailed(path: path, reason: "it cannot be made executable")
        }
    }

    package static func copy(_ source: String, to target: String) throws(DemoError) {
        do {
            try FileManager.default.copyItem(atPath: source, toPath: target)
        } catch {
            throw .fileFailed(path: target, reason: "\(source) cannot be copied to it")
        }
    }

    /// Removes `path` with everything in it; succeeds when there is nothing.
    package static func remove(_ path: String) throws(DemoError) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw .fileFailed(path: path, reason: "it cannot be removed")
        }
    }

    /// Size in bytes; 0 when there is no such file.
    package static func size(_ path: String) -> UInt64 {
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size]
        return (size as? any BinaryInteger).map { UInt64(clamping: $0) } ?? 0
    }

    /// The part behind the last slash.
    package static func lastName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The folder that `path` is in.
    package static func parent(_ path: String) -> String {
        let names = path.split(separator: "/").dropLast().joined(separator: "/")
        return path.hasPrefix("/") ? "/\(names)" : names
    }

    package static func bytes(_ path: String) throws(DemoError) -> Data {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .fileFailed(path: path, reason: "it cannot be read")
        }
        return data
    }
}
