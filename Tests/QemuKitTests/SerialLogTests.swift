import FoundationEssentials
import QemuKit
import Testing

@Suite("The console's log")
struct SerialLogTests {
    @Test("is read as it grows, and says when it last grew")
    func growth() throws {
        let path = "\(FileManager.default.temporaryDirectory.path)/serial-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let start = ContinuousClock.now
        var log = SerialLog(path: path, at: start)
        log.look(at: start + .seconds(1))
        #expect(log.lines.isEmpty)
        #expect(log.lastGrowth == start)
        try Data("Linux version 6\nFree".utf8).write(to: URL(filePath: path))
        log.look(at: start + .seconds(2))
        #expect(log.lines.map(\.text) == ["Linux version 6"])
        #expect(log.lastGrowth == start + .seconds(2))
        log.look(at: start + .seconds(3))
        #expect(log.lastGrowth == start + .seconds(2))
        try Data("Linux version 6\nFreeing memory\n".utf8).write(to: URL(filePath: path))
        log.look(at: start + .seconds(4))
        #expect(log.first(containing: "memory")?.at == start + .seconds(4))
        #expect(!log.contains("panic"))
        #expect(log.tail(1) == ["Freeing memory"])
    }
}
