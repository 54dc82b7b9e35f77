internal import FoundationEssentials

/// A build from its definition to the disk: what the command does.
package struct ImageWorkshop: Sendable {
    package let definition: ImageDefinition
    package let options: ReleaseBuilder.Options
    private let progress: BuildProgress

    package init(_ definition: ImageDefinition, options: ReleaseBuilder.Options, progress: BuildProgress) {
        self.definition = definition
        self.options = options
        self.progress = progress
    }

    /// - Parameter withDisk: also make `disk.img` with the release in slot A.
    package func build(withDisk: Bool) async throws -> BuiltImage {
        let image = try await ReleaseBuilder(definition, options: options, progress: progress).build()
        guard withDisk else { return image }
        progress.step("Making the disk")
        let layout = DiskLayout(sizes: definition.sizes, platform: definition.platform)
        let writer = DiskWriter(
            image: image, directory: options.output, platform: definition.platform, runner: ToolRunner())
        try await writer.makeFile("\(options.output)/\(BuiltImage.names.disk)", layout: layout)
        return image
    }

    /// Makes and signs an update of the release: `update.crau`, with the partitions `root`, `verity` and `uki`.
    /// - Parameter keys: private keys; none leaves it unsigned.
    package func makePayload(of image: BuiltImage, keys: [String]) async throws -> String {
        guard let program = Host.program else {
            throw ImageError.file(path: "/proc/self/exe", reason: "it cannot be read")
        }
        progress.step("Making the payload")
        let output = "\(options.output)/\(BuiltImage.names.payload)"
        var arguments = ["payload", "create", "--quiet", "--output", output]
        for (name, part) in [("root", image.root), ("verity", image.verity), ("uki", image.kernelImage)] {
            arguments += ["--partition", "\(name)=\(options.output)/\(part.file)"]
        }
        for key in keys { arguments += ["--key", key] }
        try await ToolRunner().run(path: program, arguments, doing: "making the payload")
        return output
    }
}
