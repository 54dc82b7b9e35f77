internal import ArgumentParser
internal import FoundationEssentials
internal import ImageBuilder
internal import UpdateModel

/// `martlet image build`.
struct ImageBuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build a release: slot images, a unified kernel image, a disk, and a list of what is in it.",
        discussion: """
            The packages are installed once and kept in $XDG_CACHE_HOME/martlet (or ~/.cache/martlet); with the same \
            packages, definition and programs the slot images are the same byte for byte.

            EXAMPLES
              martlet image build --version 1.0.0 --output out --key pub.pem
              martlet image build --version 2.0.0 --output out2 --key pub.pem --no-disk --payload --signing-key key.pem
              martlet image build --version 2.0.1 --output out3 --set hostname=edge --add-file /etc/motd=motd.txt
            """)

    @Option(help: "The release's version.")
    var version: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder for what is made.", valueName: "dir"))
    var output: String

    @Option(help: ArgumentHelp("The definition; without it the one that comes with Martlet.", valueName: "file"))
    var definition: String?

    @Option(help: ArgumentHelp("The Omaha address of the update server.", valueName: "url"))
    var server: String?

    @Option(help: "The track that machines of this image follow.")
    var track: String?

    @Option(
        name: .customLong("key"),
        help: ArgumentHelp("A public key that updates must be signed by; repeatable.", valueName: "file"))
    var keys: [String] = []

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set one value of the definition, such as sizes.root=800; repeatable.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(
        name: .customLong("add-file"),
        help: ArgumentHelp("Add a file or a folder of this host to the image; repeatable.", valueName: "path=source"))
    var addedFiles: [AddedFile] = []

    @Option(
        name: .customLong("remove"),
        help: ArgumentHelp("Remove a path of the image (wildcards allowed); repeatable.", valueName: "path"))
    var removed: [String] = []

    @Option(
        name: .customLong("enable"),
        help: ArgumentHelp("Enable a unit beside those of the definition; repeatable.", valueName: "unit"))
    var enabled: [String] = []

    @Option(help: ArgumentHelp("Where martletd and martlet are; without it beside this program.", valueName: "dir"))
    var programs: String?

    @Flag(help: "Also make update.crau, the release as an update.")
    var payload = false

    @Option(
        name: .customLong("signing-key"),
        help: ArgumentHelp("A private key that signs the update; repeatable.", valueName: "file"))
    var signingKeys: [String] = []

    @Option(
        help: ArgumentHelp("A private key that signs kernel image and loader for Secure Boot.", valueName: "file"))
    var secureBootKey: String?

    @Option(help: ArgumentHelp("The certificate of that key, as machines enrol it.", valueName: "file"))
    var secureBootCertificate: String?

    @Flag(inversion: .prefixedNo, help: "Make disk.img, with the release in slot A.")
    var disk = true

    @Flag(help: "Install the packages again, in their newest versions.")
    var refresh = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print nothing but errors, and what --json asks for.")
    var quiet = false

    func validate() throws {
        guard (secureBootKey == nil) == (secureBootCertificate == nil) else {
            throw ValidationError("--secure-boot-key and --secure-boot-certificate go together.")
        }
        guard !output.isEmpty else { throw ValidationError("--output names no folder.") }
        guard payload || signingKeys.isEmpty else {
            throw ValidationError("--signing-key signs the update: give --payload, too.")
        }
        for unit in enabled where unit.hasPrefix("-") || unit.contains("/") {
            throw ValidationError("“\(unit)” is not the name of a unit.")
        }
        for path in removed where !path.hasPrefix("/") || path.split(separator: "/").contains("..") {
            throw ValidationError("“\(path)” is no absolute path without “..”.")
        }
    }

    func run() async throws {
        let definitionPath = try definition ?? SourceTree.definition()
        var image = try ImageDefinition.load(definitionPath, overrides: overrides)
        try image.follow(server: server, track: track)
        image.keys = keys.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        image.files += addedFiles.map { ImageDefinition.File(path: $0.path, content: .source($0.source)) }
        image.remove += removed
        image.enabledUnits += enabled
        if keys.isEmpty, !quiet {
            Terminal.note("Note: without --key the machine trusts nobody, and its martletd will not start.")
        }
        let isQuiet = quiet
        let options = try options()
        try BuildInputs(image, options: options).check(signingKeys: signingKeys)
        let workshop = ImageWorkshop(
            image, options: options, progress: BuildProgress { if !isQuiet { Terminal.note($0 + " …") } })
        let built = try await workshop.build(withDisk: disk)
        if payload { _ = try await workshop.makePayload(of: built, keys: signingKeys) }
        try report(built)
    }

    private func options() throws -> ReleaseBuilder.Options {
        var options = ReleaseBuilder.Options(
            version: try Version(version), output: output, programs: try programs ?? SourceTree.programs(),
            initPath: try SourceTree.initProgram(besideDefinition: definition),
            cache: ReleaseBuilder.Options.usualCache)
        options.refreshesPackages = refresh
        if let secureBootKey, let secureBootCertificate {
            options.secureBoot = SecureBootSigner(key: secureBootKey, certificate: secureBootCertificate)
        }
        return options
    }

    private func report(_ image: BuiltImage) throws {
        guard !json else { return try Terminal.printJSON(image) }
        guard !quiet else { return }
        Terminal.printLine("\(image.name) \(image.version) for \(image.architecture), kernel \(image.kernel)")
        for part in [image.root, image.verity, image.kernelImage] {
            Terminal.printLine("  \(part.file): \(ByteCount.text(part.sizeBytes)), SHA-256 \(part.sha256)")
        }
        Terminal.printLine("  verity root: \(image.rootHash)")
        Terminal.printLine("  \(image.packages.count) packages: \(output)/\(BuiltImage.names.bill)")
        if disk {
            Terminal.printLine("  disk: \(output)/\(BuiltImage.names.disk), \(ByteCount.text(image.diskBytesMin))")
        }
        if payload {
            let path = "\(output)/\(BuiltImage.names.payload)"
            Terminal.printLine("  payload: \(path)\(signingKeys.isEmpty ? ", unsigned" : "")")
        }
    }
}

/// `PATH=SOURCE`: a place in the image and a file or folder of this host.
struct AddedFile: ExpressibleByArgument, Hashable {
    let path: String
    let source: String

    init?(argument: String) {
        guard let separator = argument.firstIndex(of: "=") else { return nil }
        path = String(argument[..<separator])
        source = String(argument[argument.index(after: separator)...])
        guard path.hasPrefix("/"), !path.split(separator: "/").contains(".."), !source.isEmpty else { return nil }
    }
}
