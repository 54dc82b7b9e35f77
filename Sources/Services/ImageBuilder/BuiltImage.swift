internal import ContentTrust
internal import FoundationEssentials
package import UpdateModel

/// What a build made: `image.json`, and all that an installation needs to know.
package struct BuiltImage: Hashable, Sendable, Codable {
    package struct Part: Hashable, Sendable, Codable {
        package let file: String
        package let sizeBytes: UInt64
        package let sha256: SHA256Digest
    }

    package let name: String
    package let version: String
    package let architecture: Architecture
    package let kernel: String
    /// The root of the hash tree, which the signed command line names.
    package let rootHash: String
    package let commandLine: String
    package let root: Part
    package let verity: Part
    package let kernelImage: Part
    /// systemd-boot, as an installation puts it onto the ESP.
    package let loader: Part
    package let sizes: PartitionSizes
    package let packages: [InstalledPackage]

    package static let fileName = "image.json"
    package static let names = (
        root: "root.erofs", verity: "root.verity", kernel: "uki.efi", loader: "systemd-boot.efi",
        bill: "sbom.spdx.json", disk: "disk.img", payload: "update.crau"
    )

    /// Removes what an earlier build left in `directory`, so that nothing lies there that belongs to another release.
    /// The description goes first: without it nobody takes the rest for an image.
    package static func removeProducts(from directory: String) throws(ImageError) {
        let parts = [names.root, names.verity, names.kernel, names.loader, names.bill, names.disk, names.payload]
        for name in [fileName] + parts { try Files.removeFile("\(directory)/\(name)") }
    }

    package init(
        name: String, version: String, architecture: Architecture, kernel: String, rootHash: String,
        commandLine: String, root: Part, verity: Part, kernelImage: Part, loader: Part, sizes: PartitionSizes,
        packages: [InstalledPackage]
    ) {
        self.name = name
        self.version = version
        self.architecture = architecture
        self.kernel = kernel
        self.rootHash = rootHash
        self.commandLine = commandLine
        self.root = root
        self.verity = verity
        self.kernelImage = kernelImage
        self.loader = loader
        self.sizes = sizes
        self.packages = packages
    }

    /// Reads what a build left in `directory`, and checks that its parts are all there.
    package static func load(from directory: String) throws(ImageError) -> BuiltImage {
        let path = "\(directory)/\(fileName)"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .notAnImage(directory: directory, reason: "there is no \(fileName)")
        }
        let image: BuiltImage
        do {
            image = try JSONDecoder().decode(BuiltImage.self, from: data)
        } catch {
            throw .notAnImage(directory: directory, reason: "\(fileName) cannot be read")
        }
        for part in [image.root, image.verity, image.kernelImage, image.loader] {
            let file = "\(directory)/\(part.file)"
            guard Files.exists(file), try part == describe(part.file, in: directory) else {
                throw .notAnImage(directory: directory, reason: "\(part.file) is not the one that was built")
            }
        }
        return image
    }

    package static func describe(_ file: String, in directory: String) throws(ImageError) -> Part {
        let path = "\(directory)/\(file)"
        return Part(file: file, sizeBytes: try Files.size(of: path), sha256: try Files.digest(of: path))
    }

    package func save(to directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        try Files.write(Array(try encoder.encode(self)) + [0x0A], to: "\(directory)/\(Self.fileName)")
    }

    /// The smallest disk it fits on.
    package var diskBytesMin: UInt64 {
        guard let platform = ImagePlatform(architecture) else { return 0 }
        return DiskLayout(sizes: sizes, platform: platform).sizeBytes
    }
}
