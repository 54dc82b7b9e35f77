import FleetDemo
import FoundationEssentials
import UpdateModel

/// The images and payloads of the story, kept between journeys.
///
/// ```text
/// IMAGES/keys/            the signing key and its public half
/// IMAGES/VERSION.files/   what is added to the reference OS
/// IMAGES/VERSION/         root.erofs, root.verity, uki.efi; for 1.0.0 also disk.img
/// IMAGES/VERSION.crau     the signed payload; none of 1.0.0, which nobody updates to
/// IMAGES/VERSION.stamp    what they were made of
/// ```
struct ImageShelf: Sendable {
    let folder: String
    let programs: JourneyPrograms
    let command: Command

    var disk: String { "\(folder)/\(Version.first)/disk.img" }
    func root(_ version: Version) -> String { "\(folder)/\(version)/root.erofs" }
    func verity(_ version: Version) -> String { "\(folder)/\(version)/root.verity" }
    func kernel(_ version: Version) -> String { "\(folder)/\(version)/uki.efi" }
    func payload(_ version: Version) -> String { "\(folder)/\(version).crau" }
    private var privateKey: String { "\(folder)/keys/signing.pem" }
    private var publicKey: String { "\(folder)/keys/release.pem" }
    private func stamp(_ version: Version) -> String { "\(folder)/\(version).stamp" }

    /// Makes what is missing, or was made of something else.
    /// - Returns: what was made, in words.
    func fill() async throws -> String {
        try await makeKey()
        let ingredients = try Ingredients(programs: programs, key: publicKey)
        var made: [String] = []
        for release in StoryRelease.all {
            let wanted = ingredients.text(of: release)
            if FileManager.default.contents(atPath: stamp(release.version)) == Data(wanted.utf8) { continue }
            try Folder.remove(stamp(release.version))
            try await build(release)
            if release.version != .first { try await pack(release.version) }
            try Folder.write(wanted, to: stamp(release.version))
            made.append(release.version.text)
        }
        return made.isEmpty ? "all as they were" : "made: \(made.joined(separator: ", "))"
    }

    private func makeKey() async throws {
        guard !FileManager.default.fileExists(atPath: privateKey) else { return }
        try Folder.make("\(folder)/keys")
        try await command.succeed(
            programs.martlet, ["key", "generate", "--output", privateKey, "--public", publicKey])
    }

    private func build(_ release: StoryRelease) async throws {
        let (target, files) = ("\(folder)/\(release.version)", "\(folder)/\(release.version).files")
        for folder in [target, files] { try Folder.remove(folder) }
        for file in release.files {
            try Folder.make(Folder.parent("\(files)\(file.path)"))
            try Folder.write(file.text, to: "\(files)\(file.path)", isExecutable: file.isExecutable)
        }
        try await command.succeed(
            programs.martlet,
            [
                "image", "build", "--version", release.version.text, "--output", target, "--key", publicKey,
                "--add-file", "/=\(files)", "--quiet",
            ] + release.builderWords + (release.version == .first ? [] : ["--no-disk"]))
    }

    private func pack(_ version: Version) async throws {
        try await command.succeed(
            programs.martlet,
            [
                "payload", "create", "--fast", "--partition", "root=\(root(version))", "--partition",
                "verity=\(verity(version))", "--partition", "uki=\(kernel(version))", "--output", payload(version),
                "--key", privateKey, "--quiet",
            ])
    }
}

/// What images are made of, so that they are made again when it has changed.
private struct Ingredients {
    private let digests: [String]

    init(programs: JourneyPrograms, key: String) throws {
        let sources = Self.sources(above: programs.martlet)
        digests = try ([programs.martlet, programs.daemon, key] + sources).map { path in
            "\(path) \(try ImageFile(path: path).digest)"
        }
    }

    func text(of release: StoryRelease) -> String {
        let files = release.files.map { "\($0.path) \($0.isExecutable)\n\($0.text)" }
        return (digests + release.builderWords + files).joined(separator: "\n") + "\n"
    }

    /// The definition of the reference OS and its files, in the checkout that the program was built in.
    private static func sources(above program: String) -> [String] {
        var folder = Folder.parent(program)
        while folder.count > 1 {
            folder = Folder.parent(folder)
            let images = "\(folder)/images"
            guard FileManager.default.fileExists(atPath: "\(images)/martlet-os.toml") else { continue }
            // What cannot be listed is missed by the builder, which says so.
            let names = (try? FileManager.default.subpathsOfDirectory(atPath: images)) ?? []
            return (names.map { "\(images)/\($0)" } + ["\(folder)/dist/martletd.service"]).sorted().filter(isFile)
        }
        return []
    }

    private static func isFile(_ path: String) -> Bool {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType == .typeRegular
    }
}
