import BootControl
import BootControlGPT
import FoundationEssentials
import HostLinux
import SlotDevice
import UpdateModel

extension EngineHost {
    /// The host of a machine whose slots are steered by GPT priorities.
    /// - Throws: ``SettingsError`` when the disk or the running slot is not known; device and table errors.
    init(_ settings: EngineSettings) throws {
        guard !settings.disk.isEmpty else {
            throw SettingsError(path: "martletd.toml", key: "slots.disk", reason: "the disk with both slots must be named")
        }
        let table = try FileBlockDevice(path: settings.disk, access: .readWrite)
        let control = GPTBootControl(device: table, booted: try Self.bootedSlot(settings))
        // Slots are written past the cache: buffered writes escape the limits of a cgroup.
        let disk = try FileBlockDevice(path: settings.disk, access: .readWrite, caching: .direct)
        self.init(
            bootControl: control,
            partition: { slot in
                try GPTBootControl(device: disk, booted: control.booted).slotDevice(slot)
            },
            bootFiles: try DirectoryFileArea(path: settings.kernelDirectory),
            power: CommandPower(command: settings.rebootCommand),
            bootID: try BootIdentity.bootID(root: settings.root) ?? "unknown")
    }

    private static func bootedSlot(_ settings: EngineSettings) throws -> Slot {
        if case .known(let slot) = settings.booted { return slot }
        let files = RootFiles(root: settings.root)
        guard let line = files.text("/proc/cmdline"), let slot = Slot(kernelCommandLine: line) else {
            throw SettingsError(
                path: files.path("/proc/cmdline"), key: nil,
                reason: "it does not tell the running slot; set slots.booted")
        }
        return slot
    }
}
