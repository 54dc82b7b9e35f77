internal import ArgumentParser
internal import Glibc
internal import ImageBuilder
internal import UpdateModel

/// `martlet image run`.
struct ImageRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Boot a disk in QEMU, with its console on this terminal.",
        discussion: """
            The guest reaches this host's 127.0.0.1 as 10.0.2.2. Its UEFI variables live beside the disk, in \
            DISK.vars; those of a device, which must not be in use, in ~/.cache/martlet/firmware. KVM is used where it \
            works. Ctrl-a x ends the machine.

            EXAMPLE
              martlet image run out/disk.img --port-forward 2222:22
            """)

    @Argument(help: ArgumentHelp("The disk; the guest writes to it.", valueName: "disk"))
    var disk: String

    @Option(help: ArgumentHelp("The guest's memory.", valueName: "MiB"))
    var memory = 1024

    @Option(help: "The disk's architecture: x86_64 or arm64.")
    var arch = "x86_64"

    @Option(
        name: .customLong("port-forward"),
        help: ArgumentHelp("Lead a port of this host into the guest; repeatable.", valueName: "host:guest"))
    var portForwards: [Emulator.PortForward] = []

    @Flag(help: "Print QEMU's command line; run nothing, and make no file.")
    var printCommand = false

    func validate() throws {
        guard (128...1 << 20).contains(memory) else { throw ValidationError("--memory is at least 128.") }
        guard platform != nil else { throw ValidationError("--arch is one of: x86_64, arm64.") }
    }

    private var platform: ImagePlatform? { Architecture(arch).flatMap { ImagePlatform($0) } }

    func run() async throws {
        guard let platform else { return }
        var emulator = Emulator(
            disk: disk, platform: platform, acceleration: await Emulator.bestAcceleration(platform: platform))
        emulator.memoryMebibytes = memory
        emulator.portForwards = portForwards
        let program = try emulator.check()
        guard !printCommand else {
            Terminal.printLine(([program] + emulator.arguments).map(ShellWord.quoted).joined(separator: " "))
            return
        }
        try emulator.makeVariables()
        try replaceProcess(by: program, emulator.arguments)
    }

    /// QEMU takes this program's place, so that signals and the terminal are its own.
    private func replaceProcess(by program: String, _ arguments: [String]) throws {
        let list = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe list.forEach { unsafe free($0) } }
        unsafe execv(program, list)
        throw ImageError.file(path: program, reason: unsafe String(cString: strerror(errno)))
    }
}

extension Emulator.PortForward: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

/// A word as a shell reads it back.
enum ShellWord {
    static func quoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && word.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "._/=,:@%+-".utf8.contains(byte)
            }
        }
        return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
