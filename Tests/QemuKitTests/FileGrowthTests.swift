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
}
