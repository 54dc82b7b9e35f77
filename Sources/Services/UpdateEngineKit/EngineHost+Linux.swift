import BootControl
import BootControlGPT
import FoundationEssentials
import HostLinux
import SlotDevice
import UpdateModel

extension EngineHost {
    /// The host that the settings describe.
    /// - Throws: ``SettingsError`` when the disk or the running slot is not known; device and table errors.
    init(_ settings: EngineSettings) throws {
        switch settings.control {
        case .gpt: try self.init(gpt: settings)
        case .systemdBoot: try self.init(systemdBoot: settings)
        }
        stateTrouble = { [directory = settings.stateDirectory] in
            WriteAccess.refusal(of: directory).map { "\(directory) cannot be written: \($0)" }
        }
    }

    /// A machine whose slots are steered by GPT priorities.
    private init(gpt settings: EngineSettings) throws {
        guard !settings.disk.isEmpty else {
            throw SettingsError(
                path: settings.path, key: "slots.disk", reason: "the disk that holds both slots must be named")
        }
        let table = try FileBlockDevice(path: settings.disk, access: .readWrite)
        let control = GPTBootControl(device: table, booted: try Self.bootedSlot(settings))
        // Slots are written past the cache: buffered writes escape the limits of a cgroup.
        let disk = try FileBlockDevice(path: settings.disk, access: .readWrite, caching: .direct)
        let directory = settings.kernelDirectory ?? "/boot/flatcar"
        self.init(
            bootControl: control,
            layout: .flatcar(
                partition: { slot in try GPTBootControl(device: disk, booted: control.booted).slotDevice(slot) },
                kernels: directory.isEmpty ? nil : Self.paced(try DirectoryFileArea(path: directory), settings)),
            stateFiles: StateFiles(try DirectoryFileArea(path: settings.stateDirectory)),
            power: CommandPower(command: settings.rebootCommand),
            bootID: try Self.bootID(settings))
    }

    /// Kernel files leave the cache outside any limit of a control group: it is kept here, as it stands at each moment,
    /// so that a limit that an operator changes holds at once.
    static func paced(_ files: DirectoryFileArea, _ settings: EngineSettings) -> any FileArea {
        let wanted = settings.kernelBytesPerSecond
        let group = ControlGroup()
        let pace = WritePace { wanted > 0 ? wanted : group.writeBytesPerSecond(below: files.path) }
        return PacedFileArea(files, pace: pace)
    }

    private static func bootedSlot(_ settings: EngineSettings) throws -> Slot {
        if case .known(let slot) = settings.booted { return slot }
        let files = RootFiles(root: settings.root)
        guard let line = files.text("/proc/cmdline"), let slot = Slot(kernelCommandLine: line) else {
            throw SettingsError(
                path: settings.path, key: "slots.booted",
                reason: "\(files.path("/proc/cmdline")) does not tell the running slot, so it must be set")
        }
        return slot
    }

    /// What runs must be told apart from what ran before, whatever the settings say.
    static func bootID(_ settings: EngineSettings) throws -> String {
        let root = settings.root == "/" ? "" : settings.root
        guard let id = try BootIdentity.bootID(root: root) else {
            throw SettingsError(
                path: settings.path, key: "machine.root",
                reason: "\(settings.root) has no proc/sys/kernel/random/boot_id")
        }
        return id
    }
}
