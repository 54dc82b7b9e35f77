import FleetDemo
import FoundationEssentials
import QemuKit
import Testing

@Suite("A file that grows in the guest")
struct FileGrowthTests {
    @Test("is timed from its first byte to its last")
    func grows() throws {
        let growth = try FileGrowth(output: "10.00 0\n10.50 1000\n11.50 3000\nnoise\n12.50 5000\n18.00 5000\n")
        #expect(growth.byteCount == 4000)
        #expect(growth.seconds == 2)
        #expect(growth.bytesPerSecond == 2000)
    }

    @Test("is seen whole at once: it had no time to grow in")
    func atOnce() throws {
        let growth = try FileGrowth(output: "10.00 5000\n")
        #expect(growth.byteCount == 0)
        #expect(growth.bytesPerSecond == .infinity)
    }

    @Test("that never came is no growth", arguments: ["", "10.00 0\n", "stat: no such file"])
    func never(output: String) {
        #expect(throws: QemuError.self) { try FileGrowth(output: output) }
    }

    @Test("is waited for while it is empty, longer than for one that has stopped growing")
    func empty() async throws {
        let folder = "\(FileManager.default.temporaryDirectory.path)/growth-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (file, looks) = ("\(folder)/file", "\(folder)/looks")
        // Grows again as soon as its first byte has been seen, however slow the host is.
        let writer = """
            : >\(file); sleep 4; printf 1 >>\(file)
            for try in {1..600}; do ! grep -q ' 1$' \(looks) || break; sleep 0.05; done
            printf 23 >>\(file)
            """
        let shell = try ChildProcess.start(
            "/bin/bash", ["-c", "{ \(writer)\n} &\n\(FileGrowth.script(file, 60, patience: 3))"], output: looks,
            errors: looks)
        #expect(await shell.wait() == .exited(0))
        let seen = String(decoding: try Data(contentsOf: URL(filePath: looks)), as: UTF8.self)
        #expect(try FileGrowth(output: seen).byteCount == 2, "\(seen)")
    }
}
