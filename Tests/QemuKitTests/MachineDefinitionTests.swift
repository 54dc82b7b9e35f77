import QemuKit
import Testing

@Suite("A machine's definition")
struct MachineDefinitionTests {
    private static func definition(disk: String = "/tmp/disk.img") -> MachineDefinition {
        MachineDefinition(
            disk: disk, firmware: Firmware(code: "/code", variables: "/variables"), acceleration: .tcg, sockets: "/s")
    }

    @Test("ends its run at the guest's reset and opens no port of the host")
    func walls() {
        let arguments = Self.definition().arguments(serialLog: "/log")
        #expect(arguments.contains("-no-reboot"))
        #expect(!arguments.contains { $0.contains("hostfwd") || $0.contains("tcp:") })
        #expect(arguments.contains { $0.contains("readonly=on,file=/code") })
    }

    @Test("gives QEMU paths with commas unharmed")
    func commas() {
        let arguments = Self.definition(disk: "/tmp/a,b.img").arguments(serialLog: "/log")
        #expect(arguments.contains { $0.hasSuffix("file=/tmp/a,,b.img") })
    }

    @Test("has a watchdog only where it was asked for")
    func watchdog() {
        var definition = Self.definition()
        #expect(!definition.arguments(serialLog: "/log").contains("i6300esb"))
        definition.hasWatchdog = true
        #expect(definition.arguments(serialLog: "/log").suffix(2) == ["-action", "watchdog=reset"])
    }

    @Test("tells an image's extents from the rest of what dump.erofs prints")
    func extents() {
        let text = """
            File : /usr/lib/systemd/systemd
            Size: 92544  On-disk size: 49152  regular file
            Timestamp: 1970-01-01 00:00:00.000000000

             Ext:   logical offset   |  length :     physical offset    |  length
               0:        0..   11271 |   11271 :     380928..    385024 |    4096
              11:    84606..   92544 |    7938 :     425984..    430080 |    4096
            """
        #expect(FileExtents(listing: text).ranges == [380_928..<385_024, 425_984..<430_080])
        #expect(FileExtents(listing: "nothing").ranges.isEmpty)
    }
}
