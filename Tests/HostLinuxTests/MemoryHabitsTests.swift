import Glibc
import HostLinux
import Testing

@Suite("Memory habits")
struct MemoryHabitsTests {
    @Test("The program lets go of what it has read of its file, and goes on")
    func program() throws {
        let before = try residentFileKibibytes()
        MemoryHabits.giveProgramBack()
        let after = try residentFileKibibytes()
        #expect(after < before, "\(before) KiB of files before, \(after) KiB after")
    }

    private func residentFileKibibytes() throws -> Int {
        var text = [UInt8](repeating: 0, count: 8192)
        let descriptor = unsafe open("/proc/self/status", O_RDONLY)
        defer { close(descriptor) }
        let count = unsafe read(descriptor, &text, text.count)
        let line = try #require(
            String(decoding: text.prefix(count), as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("RssFile:") })
        return try #require(line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) })
    }
}
