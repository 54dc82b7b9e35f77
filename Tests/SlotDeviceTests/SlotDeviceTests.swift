import FleetTestKit
import SlotDevice
import Testing
import UpdateModel

@Suite struct MemoryBlockDeviceTests {
    @Test("It keeps every promise of the port", arguments: [512, 4096])
    func contract(sectorSizeBytes: Int) throws {
        try BlockDeviceContract.check(MemoryBlockDevice(sizeBytes: 100_000, sectorSizeBytes: sectorSizeBytes))
    }
}

@Suite struct DeviceRegionTests {
    @Test("It keeps every promise of the port")
    func contract() throws {
        let whole = MemoryBlockDevice(sizeBytes: 200_000)
        try BlockDeviceContract.check(DeviceRegion(of: whole, startBytes: 10_240, sizeBytes: 100_000))
    }

    @Test("Nothing outside it changes, whatever is written")
    func staysInside() throws {
        let whole = MemoryBlockDevice(sizeBytes: 300_000)
        try whole.write([UInt8](repeating: 0xEE, count: 300_000), at: 0)
        try BlockDeviceContract.check(DeviceRegion(of: whole, startBytes: 100_000, sizeBytes: 100_000))
        #expect(whole.bytes[..<100_000].allSatisfy { $0 == 0xEE })
        #expect(whole.bytes[200_000...].allSatisfy { $0 == 0xEE })
    }

    @Test(
        "A region that does not lie on its device is refused",
        arguments: [
            (0, 1001), (1000, 1), (1001, 0), (.max, 1), (1, .max), (.max, .max),
        ] as [(UInt64, UInt64)])
    func refusesOutside(start: UInt64, size: UInt64) {
        let whole = MemoryBlockDevice(sizeBytes: 1000)
        #expect(throws: DeviceError.self) { try DeviceRegion(of: whole, startBytes: start, sizeBytes: size) }
    }

    @Test("A region of a region lies where both say")
    func nested() throws {
        let whole = MemoryBlockDevice(sizeBytes: 1000)
        let outer = try DeviceRegion(of: whole, startBytes: 100, sizeBytes: 500)
        let inner = try DeviceRegion(of: outer, startBytes: 50, sizeBytes: 10)
        try inner.write([9], at: 3)
        #expect(whole.bytes[153] == 9)
        #expect(throws: DeviceError.self) { try inner.read(at: 9, count: 2) }
    }
}

@Suite struct DeviceErrorTests {
    @Test(
        "Every error is one line that names the object",
        arguments: [
            (
                .failed(operation: "write", path: "/dev/vda3", reason: "Input/output error"),
                "Could not write /dev/vda3: Input/output error."
            ),
            (.full(path: "/boot"), "No space is left on /boot. Free some and try again."),
            (.outOfRange(offsetBytes: 10, count: 5, sizeBytes: 12), "5 bytes at 10 lie outside a device of 12 bytes."),
        ] as [(DeviceError, String)])
    func lines(error: DeviceError, line: String) {
        #expect(error.userMessage.line == line)
    }
}
