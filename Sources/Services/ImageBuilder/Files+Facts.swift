internal import FoundationEssentials
internal import Glibc

/// What can be said of a path without opening it.
extension Files {
    /// The path from `/`: tools may work in folders of their own.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// The last part of a path.
    static func name(of path: String) -> String { String(path.split(separator: "/").last ?? "") }

    /// The folder that a path lies in; `nil` where the path does not say.
    static func parent(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return nil }
        return String(path[..<slash])
    }

    /// Whether there is anything, be it a link that leads nowhere.
    static func exists(_ path: String) -> Bool { kind(of: path) != nil }

    /// `S_IFREG` and so on, of the path itself and not of what it leads to.
    static func kind(of path: String) -> mode_t? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    /// `S_IFREG` and so on, of what the path leads to; `nil` where that is nothing.
    static func kindFollowingLinks(_ path: String) -> mode_t? { status(of: path).map { $0.st_mode & S_IFMT } }

    /// Of what the path leads to.
    static func permissions(of path: String) -> UInt16 { status(of: path).map { UInt16($0.st_mode & 0o7777) } ?? 0 }

    /// The mode that a source of the operator's gets in an image: its own, less the group's and others' right to write,
    /// which hangs on the umask that it was checked out under. Folders for everybody (the sticky bit) keep it.
    static func imageMode(ofSource path: String) -> UInt16 {
        let mode = permissions(of: path)
        let isForEverybody = mode & UInt16(S_ISVTX) != 0 && kindFollowingLinks(path) == S_IFDIR
        return isForEverybody ? mode : mode & ~0o022
    }

    /// In bytes, of what the path leads to.
    static func size(of path: String) throws(ImageError) -> UInt64 {
        guard let status = status(of: path) else { throw failure(path, "its size cannot be told") }
        return UInt64(status.st_size)
    }

    /// Whether `path`, with all links followed as far as it exists, lies in `directory`.
    static func isInside(_ directory: String, _ path: String) -> Bool {
        guard let whole = resolved(directory) else { return false }
        var parent = path
        while kind(of: parent) == nil, let slash = parent.lastIndex(of: "/") { parent = String(parent[..<slash]) }
        guard let found = resolved(parent) else { return false }
        return found == whole || found.hasPrefix(whole + "/")
    }

    /// Without links; `nil` where the path leads nowhere.
    static func resolved(_ path: String) -> String? {
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    /// - Throws: ``ImageError/file(path:reason:)`` unless this process may use what the path leads to.
    /// - Parameter rights: `R_OK`, `W_OK`, `X_OK`.
    static func requireAccess(to path: String, _ rights: CInt) throws(ImageError) {
        guard unsafe access(path, rights) == 0 else {
            throw failure(path, rights & W_OK == 0 ? "it cannot be read" : "it cannot be written")
        }
    }

    private static func status(of path: String) -> stat? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status : nil
    }
}
