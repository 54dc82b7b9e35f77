import FleetDemo
import FoundationEssentials
import PartitionTable
import Testing
import UpdateModel

@Suite("Images of the demo", .enabled(if: hasFileSystemTools, "needs e2fsprogs"), .serialized)
struct ImageTests {
    private func build(in folder: String) async throws -> (paths: DemoPaths, command: Command, images: [BuiltImage]) {
        let paths = try DemoPaths.create(keep: folder)
        let command = Command(folder: paths.logs)
        let builder = ImageBuilder(command: command, paths: paths, source: try tinySource())
        return (paths, command, try await builder.build(try ReleasePlan.all()))
    }

    @Test("have the same bytes whenever they are built, and differ between releases")
    func reproducible() async throws {
        try await withTemporaryFolder { folder in
            let first = try await build(in: "\(folder)/1")
            let second = try await build(in: "\(folder)/2")
            #expect(first.images.map(\.imageDigest) == second.images.map(\.imageDigest))
            #expect(Set(first.images.map(\.imageDigest)).count == 3)
            #expect(Set(first.images.map(\.imageBytes)).count == 1)
            first.paths.remove()
            second.paths.remove()
        }
    }

    @Test("boot from a disk, pass the health checks when good, and say what is wrong when not")
    func bootAndJudge() async throws {
        try await withTemporaryFolder { folder in
            let built = try await build(in: "\(folder)/demo")
            for (image, isGood) in zip(built.images, [true, true, false]) {
                let card = try machine(holding: image, built.paths)
                #expect(try await SlotMount(command: built.command, card: card).mount(.a))
                let verdicts = try await judge(card, built.command)
                #expect((verdicts.allSatisfy { $0.ending == .exited(0) }) == isGood, "\(image.version)")
                if !isGood { #expect(verdicts.contains { $0.lastLine.contains("web service") }) }
            }
            built.paths.remove()
        }
    }

    @Test("fail the health check when a file of the release is damaged")
    func damagedFile() async throws {
        try await withTemporaryFolder { folder in
            let built = try await build(in: "\(folder)/demo")
            let card = try machine(holding: built.images[0], built.paths)
            #expect(try await SlotMount(command: built.command, card: card).mount(.a))
            try Folder.write("other bytes\n", to: "\(card.root)/usr/lib/greeter/httpd.conf")
            let verdicts = try await judge(card, built.command)
            #expect(verdicts.contains { $0.lastLine.contains("damaged") && $0.lastLine.contains("httpd.conf") })
            built.paths.remove()
        }
    }

    @Test("do not boot from a slot that holds no file system")
    func emptySlot() async throws {
        try await withTemporaryFolder { folder in
            let built = try await build(in: "\(folder)/demo")
            let card = try machine(holding: built.images[0], built.paths)
            #expect(try await SlotMount(command: built.command, card: card).mount(.b) == false)
            built.paths.remove()
        }
    }

    @Test("lie on the disk as they were built, in slot A and nowhere else")
    func installed() async throws {
        try await withTemporaryFolder { folder in
            let built = try await build(in: "\(folder)/demo")
            let image = built.images[1]
            let disk = MachineDisk(path: try machine(holding: image, built.paths).disk)
            #expect(try disk.digest(of: .a, byteCount: image.imageBytes) == image.imageDigest)
            #expect(try disk.digest(of: .b, byteCount: image.imageBytes) != image.imageDigest)
            #expect(try disk.entry(of: .a).attributes.isSuccessful)
            #expect(try disk.entry(of: .b).attributes.priority == 0)
            built.paths.remove()
        }
    }

    private func machine(holding image: BuiltImage, _ paths: DemoPaths) throws -> MachineCard {
        let card = try MachineCard.create(0, paths: paths)
        for folder in [card.bootFiles, card.settings, card.run] { try Folder.make(folder) }
        _ = try MachineDisk.install(image, on: card.disk, bootFiles: card.bootFiles)
        return card
    }

    private func judge(_ card: MachineCard, _ command: Command) async throws -> [Command.Outcome] {
        let folder = "\(card.root)/usr/\(ImageTexts.healthFolder)"
        var outcomes: [Command.Outcome] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
            outcomes.append(try await command.run("\(folder)/\(name)", []))
        }
        return outcomes
    }
}
