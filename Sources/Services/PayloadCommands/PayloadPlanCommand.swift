internal import ArgumentParser
internal import FoundationEssentials
internal import HostLinux
internal import PayloadFormat
internal import PayloadInstaller
internal import UpdateModel

/// `martlet payload plan`.
struct PayloadPlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Estimate how large deltas would be, before any is made.",
        discussion: """
            Compares the images and packs a sample: a delta's real size is within a quarter of what is told. With the \
            number of machines on each version it also tells what they would download in all.

            EXAMPLE
              martlet payload plan --source-dir releases --target new.img \\
                  --machines 4.1.img=1200 --machines 4.0.img=35
            """)

    @Option(
        name: .customLong("source"), help: ArgumentHelp("An image that machines run; repeatable.", valueName: "file"))
    var sources: [String] = []

    @Option(help: ArgumentHelp("A directory of such images; every file in it counts.", valueName: "directory"))
    var sourceDir: String?

    @Option(help: ArgumentHelp("The image that they would get.", valueName: "file"))
    var target: String

    @Option(
        name: .customLong("machines"),
        help: ArgumentHelp("How many machines run a source; repeatable.", valueName: "name=count"))
    var machines: [MachineCount] = []

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard !sources.isEmpty || sourceDir != nil else {
            throw ValidationError("Give an image with --source, or a directory of them with --source-dir.")
        }
    }

    func run() async throws {
        let paths = try sourcePaths()
        let names = Set(paths.map(Self.name))
        if let stranger = machines.first(where: { !names.contains($0.name) }) {
            throw ValidationError("There is no source \(stranger.name) to go with its --machines.")
        }
        let new = try InputFile.open(target)
        let total = new.sizeBytes * UInt64(paths.count)
        var progress = ProgressLine("Comparing", total: total, isQuiet: outputOptions.quiet)
        defer { progress.end() }
        var rows: [PlannedDelta] = []
        for path in paths {
            let estimate = try await DeltaEstimate(from: try InputFile.open(path), to: new)
            let name = Self.name(path)
            rows.append(
                PlannedDelta(
                    source: path, bytes: estimate.payloadBytes, changedBytes: estimate.changedBytes,
                    machines: machines.last { $0.name == name }?.count))
            progress.update(new.sizeBytes * UInt64(rows.count))
        }
        try report(DeltaForecast(target: target, errorShare: DeltaEstimate.error, sources: rows))
    }

    private func sourcePaths() throws -> [String] {
        guard let sourceDir else { return sources }
        let names = try FileManager.default.contentsOfDirectory(atPath: sourceDir).sorted()
        let found = names.map { "\(sourceDir)/\($0)" }
            .filter { FileKind(path: $0) == .regular && !FileKind.areSame($0, target) }
        return sources + found
    }

    private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private func report(_ forecast: DeltaForecast) throws {
        guard !outputOptions.json else { return try Terminal.printJSON(forecast) }
        for row in forecast.sources {
            let machines = row.machines.map { ", \($0) machines: \(ByteCount.text(row.bytes * $0))" } ?? ""
            Terminal.printLine(
                "\(row.source): about \(ByteCount.text(row.bytes)) for \(ByteCount.text(row.changedBytes)) of changes"
                    + machines)
        }
        if let total = forecast.totalBytes { Terminal.printLine("In all: about \(ByteCount.text(total))") }
    }
}

/// `NAME=COUNT`.
struct MachineCount: ExpressibleByArgument, Hashable {
    let name: String
    let count: UInt64

    init?(argument: String) {
        guard let separator = argument.lastIndex(of: "="), separator != argument.startIndex,
            let count = UInt64(argument[argument.index(after: separator)...]), count <= 1 << 32
        else { return nil }
        name = String(argument[..<separator])
        self.count = count
    }
}

/// What `plan --json` prints.
private struct DeltaForecast: Encodable {
    let target: String
    /// How far each size may be off.
    let errorShare: Double
    let sources: [PlannedDelta]
    /// What all machines that were told of would download.
    var totalBytes: UInt64? {
        let counted = sources.filter { $0.machines != nil }
        return counted.isEmpty ? nil : counted.reduce(0) { $0 + $1.bytes * ($1.machines ?? 0) }
    }

    private enum CodingKeys: CodingKey { case target, errorShare, sources, totalBytes }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(target, forKey: .target)
        try values.encode(errorShare, forKey: .errorShare)
        try values.encode(sources, forKey: .sources)
        try values.encodeIfPresent(totalBytes, forKey: .totalBytes)
    }
}

private struct PlannedDelta: Encodable {
    let source: String
    let bytes: UInt64
    let changedBytes: UInt64
    let machines: UInt64?
}
