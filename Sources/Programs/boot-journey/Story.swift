import FleetDemo
import QemuKit
import UpdateModel

/// All acts in their order, told on one disk.
struct Story: Sendable {
    let images: String
    let keep: String?
    /// Names of acts; empty for all.
    let only: Set<String>
    let buildsImages: Bool

    static let acts: [any Act] = [
        FirstBoot(), StreamedUpdate(), MissingInit(), BootPartitionCuts(), FailingHealthCheck(), LimitedUpdate(),
        CorruptedRoot(), PowerCutWhileWriting(), KexecUpdate(), ServerRollback(), ManualRollback(), ReadOnlyState(),
        HangingMachine(), KexecFallBack(), ClonedDisks(),
    ]

    /// What is played: what was asked for, and the acts without which those cannot be.
    private var wanted: [any Act] {
        guard !only.isEmpty else { return Self.acts }
        var names = only
        for act in Self.acts.reversed() where names.contains(act.name) {
            if let before = act.follows { names.insert(before) }
        }
        return Self.acts.filter { names.contains($0.name) }
    }

    func tell() async throws {
        let began = ContinuousClock.now
        let paths = try JourneyPaths.create(images: images, keep: keep)
        let narrator = Narrator()
        do {
            try await perform(paths, narrator, began)
        } catch {
            narrator.explain(error)
            narrator.say("Everything is kept in \(paths.root)")
            paths.tidy(afterFailure: true)
            throw error
        }
        paths.tidy(afterFailure: false)
    }

    private func perform(_ paths: JourneyPaths, _ narrator: Narrator, _ began: ContinuousClock.Instant) async throws {
        let programs = try JourneyPrograms.beside(JourneyPrograms.runningExecutable())
        let acceleration = try await Acceleration.best(folder: paths.logs)
        narrator.say("QEMU with \(acceleration.rawValue.uppercased()); logs in \(paths.logs)")
        let shelf = ImageShelf(folder: paths.images, programs: programs, command: Command(folder: paths.logs))
        if buildsImages {
            try await narrator.tell("images", "Images and payloads are on the shelf") { try await shelf.fill() }
        }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            let tap = try await WireTap.listen()
            group.addTask {
                try await tap.run()
                return false
            }
            group.addTask {
                let stage = try await Stage.build(paths, programs, shelf, tap, acceleration)
                try await play(stage, narrator, began)
                return true
            }
            // Whichever ends first: the play, or the tap by an error.
            guard try await group.next() == true else {
                throw JourneyFailure(expected: "the wire to the server to last", seen: "its end")
            }
            group.cancelAll()
        }
    }

    private func play(_ stage: Stage, _ narrator: Narrator, _ began: ContinuousClock.Instant) async throws {
        do {
            for act in wanted {
                try await narrator.tell(act.name, act.title) { try await perform(act, on: stage, narrator) }
            }
        } catch {
            for line in await stage.figures.lines { narrator.say(line) }
            await stage.close()
            throw error
        }
        await stage.close()
        for line in await stage.figures.lines { narrator.say(line) }
        let stalls = await stage.machine.stalls
        if stalls > 0 { narrator.say("The emulator stalled \(stalls) time(s) and was started again.") }
        narrator.say("The journey came true in \(Narrator.seconds(since: began)) s.")
    }

    /// Plays an act; once more where the emulator stood still in it, which the guest's own kernel tells of. Then deadlines
    /// and counts of boots say nothing about us.
    private func perform(_ act: any Act, on stage: Stage, _ narrator: Narrator) async throws -> String {
        let boots = await stage.machine.boots.count
        do {
            return try await performOnce(act, on: stage)
        } catch {
            // At 1.0.0 there was nothing to be offered, which cannot be had again.
            guard let opening = act.opening, opening.version != .first, act.follows == nil,
                try await stage.stoodStill(since: boots)
            else { throw error }
            narrator.explain(error)
            narrator.say("The emulator stood still in “\(act.name)”: it is played once more.")
            await stage.machine.cutPower()
            await stage.machine.forgetNotes()
            await stage.progress.lose()
            return try await performOnce(act, on: stage)
        }
    }

    private func performOnce(_ act: any Act, on stage: Stage) async throws -> String {
        try await stage.open(act)
        let found = try await act.play(on: stage)
        try await stage.checkSound()
        return found
    }
}

/// A part of the story.
protocol Act: Sendable {
    /// For `--only`.
    var name: String { get }
    /// What comes true, in a sentence.
    var title: String { get }
    /// What the two slots hold when it begins. When the act before has not left it so, the disk is laid out so; `nil`
    /// where any will do.
    var opening: Opening? { get }
    /// The act that leaves what this one cannot do without; it is played too.
    var follows: String? { get }
    /// Whether the disk's writes are noted from the first power-on after its opening on.
    var notesWrites: Bool { get }
    /// Whether meeting the machine is part of the act: it begins at power-on.
    var meetsMachineFirst: Bool { get }
    /// Plays it.
    /// - Returns: what was found, in words.
    /// - Throws: ``JourneyFailure`` when something did not come true.
    func play(on stage: Stage) async throws -> String
}

extension Act {
    var follows: String? { nil }
    var notesWrites: Bool { false }
    var meetsMachineFirst: Bool { false }
}

/// What a disk holds when an act begins.
struct Opening: Hashable, Sendable {
    /// Running; its slot.
    var version: Version
    var slot: Slot
    /// In the other slot, proven good; `nil` for nothing of worth.
    var other: Version?
}
