internal import Glibc

/// Lays a folder of this host over the root of an image. Files replace files and links, with the modes that they have
/// at home; folders that the image has keep theirs.
struct FolderCopy {
    /// The folder that becomes `/`.
    let root: String

    /// - Parameter target: in the root.
    func copy(_ source: String, to target: String) throws(ImageError) {
        try makeFolder(like: source, at: target)
        for name in try Files.tree(source) {
            let (source, target) = ("\(source)/\(name)", "\(target)/\(name)")
            switch Files.kind(of: source) {
            case S_IFDIR: try makeFolder(like: source, at: target)
            case S_IFREG:
                try requirePlace(for: target)
                try Files.copy(source, to: target, mode: Files.imageMode(ofSource: source))
            case S_IFLNK:
                try requirePlace(for: target)
                try Files.link(target, to: try Files.destination(ofLink: source))
            default: throw .file(path: source, reason: "it is neither a file, a folder nor a link")
            }
        }
    }

    private func makeFolder(like source: String, at target: String) throws(ImageError) {
        guard Files.isInside(root, target) else {
            throw .file(path: name(of: target), reason: "a link on its way leads out of the image")
        }
        guard Files.kindFollowingLinks(target) != S_IFDIR else { return }
        guard !Files.exists(target) else {
            throw .file(path: name(of: target), reason: "the image has a file there, and a folder cannot replace it")
        }
        try Files.makeDirectory(target, mode: Files.imageMode(ofSource: source))
    }

    /// - Throws: ``ImageError/file(path:reason:)`` unless a file can be put there: in the image, and not in the place
    ///   of a folder. A link there is no obstacle; it is replaced, and what it leads to is left alone.
    func requirePlace(for target: String) throws(ImageError) {
        guard Files.isInside(root, Files.parent(of: target) ?? root) else {
            throw .file(path: name(of: target), reason: "a link on its way leads out of the image")
        }
        guard Files.kind(of: target) != S_IFDIR else {
            throw .file(
                path: name(of: target), reason: "the image has a folder there, and a file cannot replace it")
        }
    }

    /// As the image's own programs will know it.
    private func name(of target: String) -> String {
        target.hasPrefix(root) ? String(target.dropFirst(root.count)) : target
    }
}
