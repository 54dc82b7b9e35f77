internal import FoundationEssentials

/// What an image consists of, checked.
package struct ImageDefinition: Hashable, Sendable {
    /// Something that is put into the root.
    package struct File: Hashable, Sendable {
        package enum Content: Hashable, Sendable {
            case text(String)
            /// A file, or a directory that is laid over the root with all it holds.
            case source(String)
        }

        /// Absolute, in the image.
        package let path: String
        package let content: Content
        /// `nil`: the source's own, see `Files.imageMode(ofSource:)`; 0644 for a text.
        package let mode: UInt16?
        /// `user:group` by number; `nil`: root's.
        package let owner: String?

        package init(path: String, content: Content, mode: UInt16? = nil, owner: String? = nil) {
            self.path = path
            if case .source(let source) = content {
                self.content = .source(Files.absolute(source))
            } else {
                self.content = content
            }
            self.mode = mode
            self.owner = owner
        }
    }

    package struct DropIn: Hashable, Sendable {
        package let unit: String
        package let name: String
        package let content: String

        /// Absolute, in the image.
        var path: String { "/usr/lib/systemd/system/\(unit).d/\(name)" }
    }

    package struct User: Hashable, Sendable {
        package let name: String
        package let groups: [String]
        package let shell: String
        package let passwordHash: String?
        package let sshKeys: [String]
    }

    /// Kernel modules, each with what it depends on.
    package struct Modules: Hashable, Sendable {
        /// Loaded by the initramfs in this order.
        package let always: [String]
        /// In the initramfs, loaded for hardware that is there.
        package let initramfs: [String]
        /// In the root only.
        package let system: [String]
    }

    package struct Limits: Hashable, Sendable {
        /// Lines of `/etc/martlet/limits.env`.
        package let lines: [String]
    }

    package var name: String
    package var title: String
    package var platform: ImagePlatform
    package var hostname: String
    /// Debian's suite, its mirrors (none: the usual ones) and packages.
    package var suite: String
    package var mirrors: [String]
    package var packages: [String]
    /// Packages removed after the installation although others name them.
    package var without: [String]
    package var kernelPackage: String
    package var commandLine: String
    package var modules: Modules
    package var sizes: PartitionSizes
    package var server: String?
    package var track: String?
    /// Boots of a proven release that may end early before the other slot takes over.
    package var tries: Int
    package var limits: Limits
    package var programs: [String]
    package var files: [File]
    package var remove: [String]
    package var enabledUnits: [String]
    package var maskedUnits: [String]
    package var dropIns: [DropIn]
    package var users: [User]
    /// Public keys that updates must be signed by.
    package var keys: [String] = []

    /// Reads the definition at `path`. Sources in it are looked for beside it.
    /// - Throws: ``ImageError/definition(path:key:reason:)``, ``ImageError/file(path:reason:)``.
    package static func load(_ path: String, overrides: [String] = []) throws(ImageError) -> ImageDefinition {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw .file(path: path, reason: "it cannot be read")
        }
        guard bytes.count <= 4 << 20 else { throw .file(path: path, reason: "it is larger than 4 MiB") }
        let absolute = Files.absolute(path)
        let folder = absolute.lastIndex(of: "/").map { String(absolute[..<$0]) } ?? "/"
        return try parse(
            String(decoding: bytes, as: UTF8.self), path: path, folder: folder, overrides: overrides)
    }

    /// - Parameter folder: where relative sources begin.
    package static func parse(
        _ text: String, path: String, folder: String, overrides: [String] = []
    ) throws(ImageError) -> ImageDefinition {
        let file = try DefinitionFile.parse(text, path: path, overrides: overrides)
        return try DefinitionReader(file: file, path: path, folder: folder).read()
    }
}
