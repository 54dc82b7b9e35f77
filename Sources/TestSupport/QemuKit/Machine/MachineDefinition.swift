import EspProof
package import FoundationEssentials

/// A virtual machine as it is bought: what it consists of, and where its lines to the host end.
package struct MachineDefinition: Hashable, Sendable {
    /// A file with the whole disk, written by the guest.
    package var disk: String
    package var firmware: Firmware
    package var acceleration: Acceleration
    package var processors = 2
    package var memoryMebibytes = 1024
    /// A folder for sockets, with a short name: the address of one has 107 bytes at most.
    package var sockets: String
    /// What the firmware calls the hardware; two machines have two.
    package var identity: UUID
    /// Whether it has the watchdog i6300esb, whose end of patience resets the machine.
    package var hasWatchdog = false

    package init(
        disk: String, firmware: Firmware, acceleration: Acceleration, sockets: String, identity: UUID = UUID()
    ) {
        self.disk = disk
        self.firmware = firmware
        self.acceleration = acceleration
        self.sockets = sockets
        self.identity = identity
    }

    var monitorSocket: String { "\(sockets)/monitor" }
    var agentSocket: String { "\(sockets)/agent" }
    /// The disk's device in the monitor's commands.
    static let diskName = "disk"

    /// QEMU's arguments for one run, from power-on to reset.
    ///
    /// `-no-reboot` lets QEMU leave when the guest resets, and a new run begins: the emulator's own reset is three to
    /// four times slower than a fresh start.
    ///
    /// - Parameter writeLog: an empty file, in which every write to the disk is noted, see `WriteLog` of EspProof.
    package func arguments(serialLog: String, writeLog: String? = nil) -> [String] {
        ["-machine", "q35"] + acceleration.arguments + [
            "-uuid", identity.uuidString, "-smp", "\(processors)", "-m", "\(memoryMebibytes)",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=\(Self.quoted(firmware.code))",
            "-drive", "if=pflash,format=raw,unit=1,file=\(Self.quoted(firmware.variables))",
        ] + drive(writeLog) + [
            "-device", "virtio-blk-pci,id=\(Self.diskName),drive=medium",
            "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=",
            "-device", "virtio-rng-pci",
            "-chardev", "file,id=console,path=\(Self.quoted(serialLog))", "-serial", "chardev:console",
            "-chardev", "socket,id=agent,path=\(Self.quoted(agentSocket)),server=on,wait=off",
            "-serial", "chardev:agent",
            "-qmp", "unix:\(Self.quoted(monitorSocket)),server=on,wait=off",
        ] + (hasWatchdog ? ["-device", "i6300esb", "-action", "watchdog=reset"] : [])
    }

    /// Whatever QEMU has accepted survives its death, since the host's cache does.
    private func drive(_ writeLog: String?) -> [String] {
        if let writeLog { return WriteLog.emulatorArguments(disk: disk, log: writeLog, node: "medium") }
        return ["-drive", "if=none,id=medium,format=raw,cache=unsafe,file=\(Self.quoted(disk))"]
    }

    /// A comma ends a value unless it is doubled.
    package static func quoted(_ path: String) -> String { path.replacing(",", with: ",,") }
}
