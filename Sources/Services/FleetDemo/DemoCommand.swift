package import ArgumentParser
import FoundationEssentials
import UpdateModel

/// `martlet demo`: the whole story on one box.
package struct DemoCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show a fleet that updates itself, survives a kill and refuses a broken release.",
        discussion: """
            Starts a server and a machine daemon for each of several machines on this host, with real images, signed \
            payloads and GPT disk images. Only the firmware and the passing of time are models. Leaves with 0 only if \
            every step of the story came true.

            Without --once, server and machines keep running until Ctrl-C, with the server's page open. With --keep, \
            DIR/summary.json says what happened, and DIR/machines/<id>/disk.img is each machine's disk.

            Examples:
              martlet demo
              martlet demo --machines 2 --once --keep /tmp/fleet
            """)

    @Option(help: "How many machines, 2 to 64.")
    var machines = 8

    @Flag(help: "End when the story is told.")
    var once = false

    @Option(help: ArgumentHelp("Keep everything in this folder, which must be empty or new.", valueName: "dir"))
    var keep: String?

    @Flag(help: "Print only the summary and errors.")
    var quiet = false

    package init() {}

    package func validate() throws {
        guard (2...64).contains(machines) else { throw ValidationError("--machines must be 2 to 64.") }
    }

    package func run() async throws {
        let programs = try Programs.beside(try Programs.runningExecutable())
        for tool in [SystemTool.makeFileSystem, .editFileSystem] { _ = try tool.path() }
        let paths = try DemoPaths.create(keep: keep)
        let screen = Screen(device: TerminalDevice(), isQuiet: quiet)
        let chronicle = Chronicle(screen: screen)
        let stage = Stage(
            paths: paths, programs: programs, command: Command(folder: paths.logs), guardian: try Guardian(),
            screen: screen, chronicle: chronicle, machineCount: machines, began: .now,
            limits: RolloutLimits(machineCount: machines))
        do {
            try await perform(stage)
            await screen.close()
        } catch {
            await screen.close()
            try await explain(error, stage)
        }
        try tidy(paths)
    }

    /// Tells the story until it ends or a person ends it.
    private func perform(_ stage: Stage) async throws {
        let title = "a fleet of \(machines) rides the stream"
        let palette = stage.screen.palette
        await stage.screen.say("\n \(palette.bold("martlet demo"))  \(palette.faint(title))\n")
        let animation = Task { await stage.screen.animate() }
        defer { animation.cancel() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Story(stage: stage).tell { try await conclude(stage) } }
            group.addTask {
                await Interrupts.first()
                throw DemoError.interrupted
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Writes and prints what happened; then, unless told otherwise, leaves everything running.
    private func conclude(_ stage: Stage) async throws {
        let summary = await writeSummary(stage)
        let screen = stage.screen
        let palette = screen.palette
        await screen.close()
        await screen.result("")
        for line in SummaryTable(summary: summary, palette: palette).lines { await screen.result(line) }
        await screen.result("")
        let seconds = Screen.tenths(summary.seconds)
        await screen.result(" \(palette.good("All \(summary.steps.count) steps came true")) in \(seconds) s.")
        if stage.paths.isKept { await screen.result(" Kept: \(stage.paths.root)") }
        guard !once else { return }
        let token = String(decoding: try Folder.bytes(stage.paths.viewerToken), as: UTF8.self).prefix { !$0.isNewline }
        let page = (summary.page ?? "").replacing("http://", with: "http://demo:\(token)@")
        await screen.result(" The page: \(palette.bold(page))")
        await screen.result(" The fleet runs on; Ctrl-C ends it.")
        while true { try await Task.sleep(for: .seconds(3600)) }
    }

    @discardableResult private func writeSummary(_ stage: Stage) async -> Summary {
        let summary = await stage.chronicle.summary(seconds: (ContinuousClock.now - stage.began).inSeconds)
        // A story that came true stays true when the disk is full; the missing file speaks for itself.
        try? summary.write(to: stage.paths.summary)
        return summary
    }

    /// Says what went wrong and where to look; a demo that was ended after its story has not gone wrong.
    private func explain(_ error: any Error, _ stage: Stage) async throws {
        if await stage.chronicle.isTold, case DemoError.interrupted = error { return }
        await writeSummary(stage)
        if case DemoError.interrupted = error {
            stage.paths.remove()
        } else {
            if let failure = error as? StoryFailure, let log = failure.log {
                await stage.screen.result(stage.screen.palette.faint("   The end of \(log):"))
                for line in failure.lastLogLines() { await stage.screen.result("   │ \(line)") }
            }
            await stage.screen.result("   Everything is kept in \(stage.paths.root)")
        }
        throw error
    }

    /// Removes what nobody asked to keep: all, or what was mounted.
    private func tidy(_ paths: DemoPaths) throws {
        paths.remove()
        guard paths.isKept else { return }
        // An empty list when a machine's folder cannot be read: then there is nothing to tidy.
        for machine in (try? FileManager.default.contentsOfDirectory(atPath: paths.machines)) ?? [] {
            try Folder.remove("\(paths.machines)/\(machine)/run")
        }
    }
}
