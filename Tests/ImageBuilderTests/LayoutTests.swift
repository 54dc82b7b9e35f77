import ImageBuilder
import Testing

@Suite struct LayoutTests {
    private let layout = DiskLayout(
        sizes: PartitionSizes(espMebibytes: 256, rootMebibytes: 512, verityMebibytes: 8, stateMebibytes: 512),
        platform: .amd64)

    @Test("Partitions follow one another, and the smallest disk holds them and both tables")
    func contiguous() {
        for (before, after) in zip(layout.partitions, layout.partitions.dropFirst()) {
            #expect(before.startMebibytes + before.sizeMebibytes == after.startMebibytes)
        }
        #expect(layout.partitions[0].startMebibytes == 1)
        let expected: UInt64 = 1 + 256 + 2 * 520 + 512 + 1
        #expect(layout.sizeBytes == expected << 20)
    }

    @Test("On a larger disk the state takes the rest, and nothing else moves")
    func larger() {
        let larger = DiskLayout(
            sizes: PartitionSizes(espMebibytes: 256, rootMebibytes: 512, verityMebibytes: 8, stateMebibytes: 512),
            platform: .amd64, diskMebibytes: 8192)
        #expect(larger.sizeBytes == 8192 << 20)
        #expect(larger.partitions.dropLast() == layout.partitions.dropLast())
    }

    @Test("The table names the types of the architecture, and bars the roots from systemd's search")
    func script() {
        let lines = layout.script().split(separator: "\n")
        #expect(lines[0] == "label: gpt")
        #expect(
            lines[1] == "start=2048, size=524288, type=c12a7328-f81f-11d2-ba4b-00a0c93ec93b, name=\"esp\"")
        #expect(
            lines[2] == "start=526336, size=1048576, type=4f68bce3-e8cd-4db1-96e7-fbcaf984b709, name=\"root-a\", "
                + "attrs=\"GUID:63\"")
        #expect(lines.count == 7 && !lines[6].contains("attrs"))
        let arm = DiskLayout(sizes: .usual, platform: .arm64).script()
        #expect(arm.contains("b921b045-1df0-41c3-af44-4c6f280d3fae"))
        #expect(arm.contains("df3300ce-d69f-4c92-978c-9bfb0f38d820"))
    }

    @Test("A disk with sectors of 4096 bytes counts in those")
    func largeSectors() {
        #expect(layout.script(sectorBytes: 4096).contains("start=256, size=65536, type=c12a7328"))
    }

    @Test(
        "An ESP's clusters fit the kind of FAT that a reader takes it for",
        arguments: [64, 128, 129, 255, 256, 300, 512, 1024, 4096], [512, 4096])
    func fat(mebibytes: UInt64, sectorBytes: Int) {
        let fat = FatParameters(sizeBytes: mebibytes << 20, sectorBytes: sectorBytes)
        let clusters = Int(mebibytes << 20) / sectorBytes / fat.sectorsPerCluster
        if fat.bits == 32 {
            #expect(clusters > 65_525 + 4096)
        } else {
            #expect(clusters < 65_525 && clusters >= 4085, "\(clusters)")
        }
    }

    private func sizes(esp: Int) -> PartitionSizes {
        PartitionSizes(espMebibytes: esp, rootMebibytes: 4, verityMebibytes: 1, stateMebibytes: 64)
    }

    @Test("An ESP without room for both slots' kernel images and a third on its way is refused, with the room it needs")
    func bootPartitionRoom() throws {
        let kernel: UInt64 = 22 << 20
        let room = BootPartitionRoom(sizes(esp: 64))
        try room.check(kernelImageBytes: 20 << 20, loaderBytes: 100_000)
        let error = #expect(throws: ImageError.self) {
            try room.check(kernelImageBytes: kernel, loaderBytes: 100_000)
        }
        guard case .bootPartitionTooSmall(kernel, let needed, 64) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try BootPartitionRoom(sizes(esp: needed)).check(kernelImageBytes: kernel, loaderBytes: 100_000)
    }

    @Test(
        "What an ESP is said to hold, it holds",
        .enabled(if: DiskWriter.tools.allSatisfy { $0.path != nil }, "needs dosfstools, mtools"),
        arguments: [64, 80, 256])
    func bootPartitionHolds(mebibytes: Int) async throws {
        let (folder, runner) = (try TestFolder(), ToolRunner())
        try folder.makeHole("esp", sizeBytes: UInt64(mebibytes) << 20)
        let fat = FatParameters(sizeBytes: UInt64(mebibytes) << 20, sectorBytes: 512)
        try await runner.run(.makeFat, fat.arguments + [folder.path("esp")], doing: "making the ESP")
        let most = BootPartitionRoom(sizes(esp: mebibytes)).filesBytesMax
        for index in 0..<3 {
            try folder.makeHole("file", sizeBytes: most / 3)
            try await runner.run(
                .copyFile, ["-i", folder.path("esp"), folder.path("file"), "::\(index)"], doing: "filling the ESP")
        }
    }

    @Test("The kernel's command line restarts a machine that panics, before whatever the operator adds")
    func commandLine() {
        func text(_ words: String) -> String {
            KernelCommandLine(
                rootHash: "ab", blocks: 9, salt: "cd", tries: 3, console: "ttyS0", operatorWords: words
            ).text
        }
        let usual = "roothash=ab martlet.verity=9:cd martlet.tries=3 console=ttyS0 "
            + "panic=3 oops=panic gpt ro systemd.gpt_auto=0"
        #expect(text("") == usual)
        #expect(text("panic=0 quiet") == usual + " panic=0 quiet")
    }
}
