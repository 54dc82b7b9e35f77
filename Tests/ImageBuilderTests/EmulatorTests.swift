import FoundationEssentials
import ImageBuilder
import Testing

@Suite struct EmulatorTests {
    @Test("A disk gets variables of its own and the console of its architecture", arguments: [false, true])
    func arguments(isArm: Bool) {
        var emulator = Emulator(
            disk: "/x/a,b.img", platform: isArm ? .arm64 : .amd64, acceleration: .emulation)
        emulator.memoryMebibytes = 512
        emulator.portForwards = [Emulator.PortForward("2222:22")].compactMap { $0 }
        let line = emulator.arguments.joined(separator: " ")
        #expect(line.contains("if=pflash,format=raw,unit=1,file=/x/a,,b.img.vars"))
        #expect(line.contains("-m 512") && line.contains("hostfwd=tcp:127.0.0.1:2222-:22"))
        #expect(line.contains(isArm ? "-machine virt" : "-machine q35"))
        #expect(line.contains("i6300esb") == !isArm)
    }

    @Test("A forwarded port has two numbers", arguments: ["", "22", "22:", "a:b", "1:2:3", "70000:1"])
    func badForward(text: String) {
        #expect(Emulator.PortForward(text) == nil)
    }

    @Test("Only a file or a disk can be booted", arguments: ["", "/nowhere"])
    func noDisk(name: String) throws {
        let folder = try TestFolder()
        let emulator = Emulator(disk: folder.path + name, platform: .amd64, acceleration: .emulation)
        #expect(throws: ImageError.self) { try emulator.check() }
        let device = Emulator(disk: "/dev/null", platform: .amd64, acceleration: .emulation)
        #expect(throws: ImageError.file(path: "/dev/null", reason: "it is neither a file nor a disk")) {
            try device.check()
        }
    }
}
