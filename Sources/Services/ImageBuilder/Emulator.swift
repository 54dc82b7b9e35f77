internal import FoundationEssentials
internal import Glibc
internal import HostLinux
internal import UpdateModel

/// Boots a disk in QEMU.
package struct Emulator: Hashable, Sendable {
    /// What executes the guest's instructions.
    package enum Acceleration: Hashable, Sendable {
        /// The processor.
        case kvm
        /// Translation: ten times slower, and possible everywhere.
        case emulation
    }

    /// A port of this host that leads into the guest.
    package struct PortForward: Hashable, Sendable {
        package let host: UInt16
        package let guest: UInt16

        /// - Parameter text: `HOST:GUEST`, as `2222:22`.
        package init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt16($0) }
            guard parts.count == 2, let host = parts[0], let guest = parts[1] else { return nil }
            self.host = host
            self.guest = guest
        }
    }

    package let disk: String
    package let platform: ImagePlatform
    package var acceleration: Acceleration
    package var memoryMebibytes = 1024
    package var processors = 2
    package var portForwards: [PortForward] = []
    /// For what is kept of disks that are devices.
    package var cache = ReleaseBuilder.Options.usualCache

    package init(disk: String, platform: ImagePlatform, acceleration: Acceleration) {
        self.disk = disk
        self.platform = platform
        self.acceleration = acceleration
    }

    /// The firmware's variables of this one disk: beside a file, and for a device in the cache, by the name that it was
    /// called by. The host's `/dev` is no place for files, and gone with the next start.
    package var variables: String {
        guard Files.kindFollowingLinks(disk) == S_IFBLK else { return disk + ".vars" }
        let name = Files.absolute(disk).split(separator: "/").joined(separator: "-")
        return "\(Files.absolute(cache))/firmware/\(name).vars"
    }

    /// QEMU's arguments. The console is the terminal: Ctrl-a x ends the machine, Ctrl-a h says what else there is.
    package var arguments: [String] {
        let isArm = platform.architecture == .arm64
        let forwards = portForwards.map { ",hostfwd=tcp:127.0.0.1:\($0.host)-:\($0.guest)" }.joined()
        let processor: [String] =
            switch acceleration {
            case .kvm: ["-accel", "kvm", "-cpu", "host"]
            // A newer model costs more to emulate: “max” half again as much.
            case .emulation: ["-accel", "tcg,thread=multi", "-cpu", isArm ? "cortex-a72" : "Nehalem"]
            }
        return ["-machine", isArm ? "virt" : "q35"] + processor + [
            "-smp", "\(processors)", "-m", "\(memoryMebibytes)", "-nodefaults", "-no-user-config", "-nographic",
            "-serial", "mon:stdio",
            "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=\(Self.quoted(platform.firmwareCode))",
            "-drive", "if=pflash,format=raw,unit=1,file=\(Self.quoted(variables))",
            "-drive", "if=none,id=disk,format=raw,file=\(Self.quoted(disk))", "-device", "virtio-blk-pci,drive=disk",
            "-netdev", "user,id=net\(forwards)", "-device", "virtio-net-pci,netdev=net,romfile=",
            "-device", "virtio-rng-pci",
        ] + (isArm ? [] : ["-device", "i6300esb", "-action", "watchdog=reset"])
    }

    /// Checks what is needed, and changes nothing.
    /// - Returns: the path of QEMU.
    package func check() throws(ImageError) -> String {
        try checkDisk()
        let folders = CommandRunner.searchPath.split(separator: ":")
        let program = folders.map { "\($0)/\(platform.emulator)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        let isArm = platform.architecture == .arm64
        var missing: [(name: String, package: String)] = []
        if program == nil { missing.append((platform.emulator, isArm ? "qemu-system-arm" : "qemu-system-x86")) }
        for file in [platform.firmwareCode, platform.firmwareVariables] where !Files.exists(file) {
            missing.append((file, isArm ? "qemu-efi-aarch64" : "ovmf"))
        }
        guard let program, missing.isEmpty else {
            throw .missingTools(names: missing.map(\.name), packages: Set(missing.map(\.package)).sorted())
        }
        return program
    }

    private func checkDisk() throws(ImageError) {
        switch Files.kindFollowingLinks(disk) {
        case S_IFREG:
            try Files.requireAccess(to: disk, R_OK | W_OK)
            if let user = DiskUse.loopDevice(of: disk) { throw .targetInUse(path: disk, by: "it backs \(user)") }
        case S_IFBLK:
            try Files.requireAccess(to: disk, R_OK | W_OK)
            // Two systems that write to one file system destroy it. QEMU asks nobody, so the disk is given back first.
            close(try DiskUse.claim(disk))
        case nil: try Files.requireAccess(to: disk, F_OK)
        case S_IFDIR: throw .file(path: disk, reason: "it is a folder; give the disk in it, such as disk.img")
        default: throw .file(path: disk, reason: "it is neither a file nor a disk")
        }
    }

    /// Gives the disk variables of its own when it has none.
    package func makeVariables() throws(ImageError) {
        guard !Files.exists(variables) else { return }
        if let folder = Files.parent(of: variables) { try Files.makeDirectory(folder) }
        try Files.copy(platform.firmwareVariables, to: variables, mode: 0o644)
    }

    /// Whether KVM executes instructions here: a boot sector that only leaves is run on it. That `/dev/kvm` can be
    /// opened proves nothing; on some hosts the first instruction ends in an internal error.
    package static func bestAcceleration(platform: ImagePlatform) async -> Acceleration {
        guard platform.architecture == .amd64, FileManager.default.isWritableFile(atPath: "/dev/kvm") else {
            return .emulation
        }
        let sector = "\(FileManager.default.temporaryDirectory.path)/martlet-\(UUID().uuidString)"
        do {
            try Files.write(probe, to: sector)
            defer { try? Files.remove(sector) }  // In the folder for what may be lost.
            let result = try await CommandRunner().run(
                "/usr/bin/\(platform.emulator)",
                [
                    "-accel", "kvm", "-m", "16", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                    "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
                    "-drive", "if=floppy,format=raw,file=\(quoted(sector))", "-boot", "a",
                ], timeLimit: .seconds(3))  // Where KVM is broken, QEMU stops without leaving.
            return result.status == 2 * proof + 1 ? .kvm : .emulation
        } catch {
            return .emulation  // Whatever is wrong with KVM, translation works.
        }
    }

    /// What the boot sector leaves with; QEMU makes twice that plus one of it.
    private static let proof: Int32 = 0x15

    /// mov al, 15h; out 0F4h, al; hlt; and the signature of a boot sector.
    private static let probe: [UInt8] =
        [0xB0, UInt8(proof), 0xE6, 0xF4, 0xF4, 0xEB, 0xFD] + [UInt8](repeating: 0, count: 503) + [0x55, 0xAA]

    /// In QEMU's options a comma is doubled.
    private static func quoted(_ path: String) -> String { path.replacing(",", with: ",,") }
}
