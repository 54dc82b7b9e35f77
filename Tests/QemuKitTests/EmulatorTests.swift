import FleetDemo
import FoundationEssentials
import QemuKit
import Testing

/// QEMU is no part of what every test run installs; where it is, it runs a machine with an empty disk.
private var hasEmulator: Bool {
    (try? HostTool.emulator.path()) != nil && FileManager.default.fileExists(atPath: "/usr/share/OVMF/OVMF_CODE_4M.fd")
}

@Suite("A run of QEMU", .enabled(if: hasEmulator, "needs qemu-system-x86 and ovmf"))
struct EmulatorTests {
    @Test("is watched, reset, started again, and cut off")
    func run() async throws {
        let folder = "\(FileManager.default.temporaryDirectory.path)/qemu-\(UUID().uuidString.prefix(8))"
        try Folder.make(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(count: 1 << 20).write(to: URL(filePath: "\(folder)/disk.img"))
        let disk = GuestDisk(path: "\(folder)/disk.img", scratch: folder)
        let firmware = try Firmware.fresh(variables: "\(folder)/variables.fd")
        let definition = MachineDefinition(disk: disk.path, firmware: firmware, acceleration: .tcg, sockets: folder)
        let machine = VirtualMachine(
            definition, disk: disk, name: "empty", logs: folder, guardian: try Guardian(),
            patience: BootPatience(boot: .seconds(60), silence: .seconds(60)))
        try await machine.powerOn()
        try await machine.live(until: "the firmware speaks", limit: .seconds(60)) {
            await machine.log?.contains("BdsDxe") == true
        }
        try await machine.press(.reset)
        try await machine.live(until: "a second boot", limit: .seconds(60)) { await machine.boots.count == 2 }
        #expect(await machine.boots.first?.ending == .reset)
        try await machine.press(.diskSpeed(bytesPerSecond: 1 << 20))
        #expect(try await DiskTraffic(answer: machine.press(.diskTraffic)).writtenBytes == 0)
        await machine.cutPower()
        #expect(await machine.boots.last?.ending == .killed)
        await #expect(throws: QemuError.self) {
            try await machine.live(until: "never", limit: .seconds(1)) { false }
        }
    }

    @Test("that cannot begin says why")
    func refusal() async throws {
        let folder = "\(FileManager.default.temporaryDirectory.path)/qemu-\(UUID().uuidString.prefix(8))"
        try Folder.make(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let firmware = try Firmware.fresh(variables: "\(folder)/variables.fd")
        let definition = MachineDefinition(
            disk: "\(folder)/none.img", firmware: firmware, acceleration: .tcg, sockets: folder)
        do {
            _ = try await MachineRun.start(definition, serialLog: "\(folder)/log", guardian: try Guardian())
            Issue.record("it started without a disk")
        } catch QemuError.notStarted(let lastLine) {
            #expect(lastLine.contains("none.img"))
        }
    }
}
