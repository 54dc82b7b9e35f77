import ArgumentParser
import ProgramKit

/// The program `boot-journey`: takes the reference OS through its life in QEMU, and says whether all of it came true.
@main
struct BootJourney: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boot-journey",
        abstract: "Take the reference OS through update, fall-back and rollback in QEMU.",
        discussion: """
            A fresh disk boots 1.0.0, checks in with a real martlet-server on this host, and lives through all acts of \
            the story. What came of each is looked up from outside: in the names on the boot partition, in the \
            partition table and the slots, and at the server. Leaves with 0 only if every act came true.

            Images and payloads are kept in --images and made anew when what they are made of has changed.

            Examples:
              boot-journey
              boot-journey --keep /tmp/journey
              boot-journey --only power-cut --only kexec
              boot-journey --list
            """)

    @Option(help: ArgumentHelp("Where images and payloads are kept between runs.", valueName: "dir"))
    var images = ".build/boot-journey"

    @Option(help: ArgumentHelp("Keep disks and logs in this folder, which must be empty or new.", valueName: "dir"))
    var keep: String?

    @Option(help: ArgumentHelp("Play only this act, and others that are named so.", valueName: "act"))
    var only: [String] = []

    @Flag(help: "Name the acts, in their order.")
    var list = false

    @Flag(help: "Take the images as they are; make none.")
    var noBuild = false

    func validate() throws {
        let names = Story.acts.map(\.name)
        if let unknown = only.first(where: { !names.contains($0) }) {
            throw ValidationError("There is no act “\(unknown)”; the acts are: \(names.joined(separator: ", ")).")
        }
    }

    static func main() async {
        await Program.run(Self.self, arguments: Array(CommandLine.arguments.dropFirst()))
    }

    func run() async throws {
        if list {
            for act in Story.acts { print("\(act.name)\t\(act.title)") }
            return
        }
        try await Story(images: images, keep: keep, only: Set(only), buildsImages: !noBuild).tell()
    }
}
