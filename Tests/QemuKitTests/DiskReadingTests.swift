import QemuKit
import Testing

@Suite("A reader in the foreground")
struct DiskReadingTests {
    @Test("tells how long its reads took and how much was written meanwhile")
    func reading() throws {
        let output = "mark 10.00 1000\n0.004\n0.001\n2.5e-05\n0.002\nmark 14.00 9000\n"
        let reading = try DiskReading(output: output, diskBytesPerSecond: 3000)
        #expect(reading.latencies == [2.5e-05, 0.001, 0.002, 0.004])
        #expect(reading.latency(0.5) == 0.002)
        #expect(reading.latency(0.99) == 0.004)
        #expect(reading.serviceBytesPerSecond == 2000)
    }

    @Test(
        "that did not come to its end is no measure",
        arguments: ["", "mark 1 2\n0.1\n", "mark 1 2\nmark 3 4\n", "0.1\n", "mark 3 4\n0.1\nmark 3 4\n"])
    func halves(_ output: String) {
        #expect(throws: QemuError.self) { try DiskReading(output: output, diskBytesPerSecond: 0) }
    }
}
