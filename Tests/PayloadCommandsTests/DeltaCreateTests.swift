import Testing
import UpdateModel

@Suite("Making deltas by command")
struct DeltaCreateTests {
    /// Half of the new image stands in each of the old ones.
    private func folder() throws -> CommandFolder {
        let folder = try CommandFolder()
        let halves = [1, 2].map { seed in (0..<200_000).map { UInt8(truncatingIfNeeded: ($0 &* $0 &* seed) >> 7) } }
        try folder.write(halves[0] + halves[0], "1.img")
        try folder.write(halves[1] + halves[1].reversed(), "2.img")
        try folder.write(halves[0] + halves[1], "3.img")
        return folder
    }

    @Test("one source gives one payload that makes the target")
    func one() async throws {
        let folder = try folder()
        try await folder.payload("create", "-q", "--source", "@1.img", "--target", "@3.img", "--output", "@d.crau")
        try await folder.payload(
            "apply", "-q", "@d.crau", "--source", "@1.img", "--target", "@out.img", "--allow-unsigned")
        #expect(try folder.read("out.img") == folder.read("3.img"))
        #expect(try !folder.names.contains { $0.hasSuffix(".blobs") || $0.hasSuffix(".partial") })
    }

    @Test("with format 1 the same, for images of whole blocks")
    func format1() async throws {
        let folder = try folder()
        for name in ["1", "3"] {
            try folder.write(try folder.read("\(name).img") + [UInt8](repeating: 0, count: 1408), "\(name).usr")
        }
        let words = ["create", "-q", "--format", "1", "--output", "@d.crau"]
        try await folder.run(words + ["--source", "@1.usr", "--target", "@3.usr", "--kernel", "@2.img"])
        try await folder.payload(
            "apply", "-q", "@d.crau", "--source", "@1.usr", "--target", "@out.img", "--kernel-target", "@out.kernel",
            "--allow-unsigned")
        #expect(try folder.read("out.img") == folder.read("3.usr"))
        #expect(try folder.read("out.kernel") == folder.read("2.img"))
        #expect(await folder.exitCode { try await $0.run(words + ["--source", "@1.img", "--target", "@3.img"]) } == 65)
    }

    @Test("several sources give a directory of payloads, each for its own source")
    func several() async throws {
        let folder = try folder()
        try await folder.payload(
            "create", "-q", "--source", "@1.img", "--source", "@2.img", "--target", "@3.img", "--output", "@deltas")
        for name in ["1", "2"] {
            try await folder.payload(
                "apply", "-q", "@deltas/\(name).crau", "--source", "@\(name).img", "--target", "@out.img",
                "--allow-unsigned")
            #expect(try folder.read("out.img") == folder.read("3.img"))
        }
        let wrong = await folder.exitCode {
            try await $0.payload(
                "apply", "-q", "@deltas/1.crau", "--source", "@2.img", "--target", "@no.img", "--allow-unsigned")
        }
        #expect(wrong == 65)
    }

    @Test(
        "what makes no sense is a usage error",
        arguments: [
            ["--source", "@1.img", "--kernel", "@3.img"],
            [
                "--source", "@1.img", "--target", "@3.img", "--format", "1", "--kernel", "@2.img", "--kernel-source",
                "@2.img",
            ],
            ["--source", "@1.img", "--target", "@3.img", "--block-size", "512"],
            ["--partition-source", "other=@1.img", "--target", "@3.img"],
            ["--source", "@1.img", "--source", "@./1.img", "--target", "@3.img"],
            ["--source", "@1.img", "--source", "@2.img", "--target", "@3.img", "--output", "@3.img"],
            ["--source", "@1.img", "--target", "@3.img", "--output", "@1.img"],
        ])
    func refused(words: [String]) async throws {
        let folder = try folder()
        let before = try folder.names
        let output = words.contains("--output") ? [] : ["--output", "@d.crau"]
        #expect(await folder.exitCode { try await $0.run(["create", "-q"] + words + output) } == 64)
        #expect(try folder.names == before)
    }

    @Test("a plan tells a size for every source, and refuses machines on none")
    func plan() async throws {
        let folder = try folder()
        try await folder.payload(
            "plan", "-q", "--source", "@1.img", "--source", "@2.img", "--target", "@3.img", "--machines", "1.img=7",
            "--json")
        let stranger = await folder.exitCode {
            try await $0.payload("plan", "-q", "--source", "@1.img", "--target", "@3.img", "--machines", "9.img=7")
        }
        #expect(stranger == 64)
    }
}
