internal import ContentTrust
internal import FoundationEssentials
internal import Glibc
internal import UpdateModel

/// Files of the building host, with errors that name them.
enum Files {
    static func makeDirectory(_ path: String) throws(ImageError) {
        try naming(path) { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    }

    /// Removes a file or a whole directory; one that is not there is removed already.
    static func remove(_ path: String) throws(ImageError) {
        guard exists(path) else { return }
        try naming(path) { try FileManager.default.removeItem(atPath: path) }
    }

    static func rename(_ path: String, to target: String) throws(ImageError) {
        try naming(path) { try FileManager.default.moveItem(atPath: path, toPath: target) }
    }

    /// As ``rename(_:to:)``; a file that is there is replaced.
    static func rename(over path: String, to target: String) throws(ImageError) {
        guard unsafe Glibc.rename(path, target) == 0 else { throw .file(path: target, reason: "it cannot be replaced") }
    }

    /// In the order of their bytes: the order of a directory is nobody's promise.
    static func names(in directory: String) throws(ImageError) -> [String] {
        try naming(directory) { try FileManager.default.contentsOfDirectory(atPath: directory).sorted(by: precedes) }
    }

    /// The path from `/`: tools may work in folders of their own.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// Everything below a directory, as paths relative to it, parents first.
    static func tree(_ directory: String) throws(ImageError) -> [String] {
        var found: [String] = []
        var waiting = [""]
        while let folder = waiting.popLast() {
            for name in try names(in: folder.isEmpty ? directory : "\(directory)/\(folder)") {
                let path = folder.isEmpty ? name : "\(folder)/\(name)"
                found.append(path)
                if kind(of: "\(directory)/\(path)") == S_IFDIR { waiting.append(path) }
            }
        }
        return found.sorted(by: precedes)
    }

    static func read(_ path: String) throws(ImageError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .file(path: path, reason: "it cannot be read")
        }
        return Array(data)
    }

    static func digest(of path: String) throws(ImageError) -> SHA256Digest {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: path, reason: "it cannot be read") }
        defer { close(descriptor) }
        var stream = StreamDigest()
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw .file(path: path, reason: "it cannot be read") }
            guard count > 0 else { return stream.finalized() }
            stream.update(piece[..<count])
        }
    }

    static func readText(_ path: String) throws(ImageError) -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    /// Replaces a file or a link; missing folders are made.
    static func write(_ bytes: [UInt8], to path: String, mode: UInt16 = 0o644) throws(ImageError) {
        try makeParent(of: path)
        try remove(path)
        guard FileManager.default.createFile(atPath: path, contents: Data(bytes)), unsafe chmod(path, mode_t(mode)) == 0
        else { throw .file(path: path, reason: "it cannot be written") }
    }

    static func write(_ text: String, to path: String, mode: UInt16 = 0o644) throws(ImageError) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    static func copy(_ source: String, to path: String, mode: UInt16) throws(ImageError) {
        try write(try read(source), to: path, mode: mode)
    }

    static func link(_ path: String, to target: String) throws(ImageError) {
        try makeParent(of: path)
        try remove(path)
        try naming(path) { try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target) }
    }

    static func own(_ path: String, user: UInt32, group: UInt32) throws(ImageError) {
        guard unsafe lchown(path, user, group) == 0 else { throw .file(path: path, reason: "its owner cannot be set") }
    }

    /// Whether there is anything, be it a link that leads nowhere.
    /// Whether `path`, with all links followed as far as it exists, lies in `directory`.
    static func isInside(_ directory: String, _ path: String) -> Bool {
        guard let whole = resolved(directory) else { return false }
        var parent = path
        while kind(of: parent) == nil, let slash = parent.lastIndex(of: "/") { parent = String(parent[..<slash]) }
        guard let found = resolved(parent) else { return false }
        return found == whole || found.hasPrefix(whole + "/")
    }

    /// Without links; `nil` where the path leads nowhere.
    private static func resolved(_ path: String) -> String? {
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    static func exists(_ path: String) -> Bool { kind(of: path) != nil }

    /// `S_IFREG` and so on, of the path itself and not of what it leads to.
    static func kind(of path: String) -> mode_t? { status(of: path).map { $0.st_mode & S_IFMT } }

    static func permissions(of path: String) -> UInt16 {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return 0 }
        return UInt16(status.st_mode & 0o7777)
    }

    static func size(of path: String) throws(ImageError) -> UInt64 {
        guard let status = status(of: path) else { throw .file(path: path, reason: "it does not exist") }
        return UInt64(status.st_size)
    }

    static func destination(ofLink path: String) throws(ImageError) -> String {
        try naming(path) { try FileManager.default.destinationOfSymbolicLink(atPath: path) }
    }

    private static func makeParent(of path: String) throws(ImageError) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        try makeDirectory(String(path[..<slash]))
    }

    private static func status(of path: String) -> stat? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status : nil
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func naming<Result>(_ path: String, _ work: () throws -> Result) throws(ImageError) -> Result {
        do {
            return try work()
        } catch {
            throw .file(path: path, reason: "\(error)".split(whereSeparator: \.isNewline).joined(separator: " "))
        }
    }
}
