internal import ArgumentParser
internal import HostLinux
internal import PayloadFormat
internal import PayloadInstaller

/// `martlet payload inspect`.
struct PayloadInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a payload says it does.",
        discussion: """
            The whole file is read and every digest in it compared; its signatures are shown but not verified.

            EXAMPLE
              martlet payload inspect update.crau --json
            """)

    @Argument(help: ArgumentHelp("The payload.", valueName: "file"))
    var payload: String

    @OptionGroup var outputOptions: OutputOptions

    func run() throws {
        let device = try InputFile.open(payload)
        var progress = ProgressLine("Reading", total: device.sizeBytes, isQuiet: outputOptions.quiet)
        defer { progress.end() }
        let scan = try InputFile.scan(device, policy: .unverified) { progress.update($0) }
        let description = PayloadDescription(file: payload, scan)
        if outputOptions.json {
            try Terminal.printJSON(description)
        } else {
            description.lines.forEach(Terminal.printLine)
        }
    }
}
