internal import ArgumentParser
internal import Glibc
internal import ImageBuilder
internal import UpdateModel

/// `martlet image install`.
struct ImageInstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Install a built release onto a disk, or into a file.",
        discussion: """
            Everything on the disk is erased. One that is in use is refused, and so is one that is too small; while \
            it is written nobody else can take it. The state gets all the room that the slots leave.

            EXAMPLES
              martlet image install out --to /dev/sdb
              martlet image install out --to vm.img --size 8G
            """)

    @Argument(help: ArgumentHelp("What “build” made.", valueName: "dir"))
    var directory: String

    @Option(help: ArgumentHelp("The disk or file.", valueName: "path"))
    var to: String

    @Option(help: ArgumentHelp("Of a file, such as 8G; a disk has its own.", valueName: "size"))
    var size: ByteSize?

    @Flag(help: "Erase without asking.")
    var yes = false

    @Flag(name: .shortAndLong, help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        guard !to.isEmpty else { throw ValidationError("--to names no disk and no file.") }
    }

    func run() async throws {
        let installer = try ImageInstaller(directory: directory)
        let target = try installer.examine(to, sizeBytes: size?.bytes)
        if target.isErased, !yes { try confirm(target) }
        try await installer.install(to: target)
        guard !quiet else { return }
        Terminal.printLine("\(installer.image.name) \(installer.image.version) is on \(to).")
    }

    private func confirm(_ target: ImageInstaller.Target) throws {
        guard Terminal.inputIsTerminal else { throw ImageError.notConfirmed(path: to) }
        Terminal.note("Everything on \(to) (\(ByteCount.text(target.sizeBytes))) will be erased. Type “yes” to go on:")
        guard readLine() == "yes" else { throw ImageError.notConfirmed(path: to) }
    }
}

/// A number of bytes with K, M, G or T behind it, or without.
struct ByteSize: ExpressibleByArgument, Hashable {
    let bytes: UInt64

    init?(argument: String) {
        let units: [Character: UInt64] = ["K": 10, "M": 20, "G": 30, "T": 40]
        let shift = argument.last.flatMap { units[Character($0.uppercased())] }
        guard let number = UInt64(shift == nil ? argument[...] : argument.dropLast()), number > 0 else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << (shift ?? 0))
        guard !overflow, bytes <= 1 << 60 else { return nil }
        self.bytes = bytes
    }
}
