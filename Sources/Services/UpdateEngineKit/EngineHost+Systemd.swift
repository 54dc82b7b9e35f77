import BootControl
import BootControlSystemd
import BootEntries
import FoundationEssentials
import HostLinux
import HostPower
import PartitionTable
import SlotDevice
import UnifiedKernelImage
import UpdateModel

/// What the initial RAM disk says of the boot, in `/run/martlet/boot.env`.
struct BootReport {
    static let path = "/run/martlet/boot.env"
    /// The slot whose root runs.
    var slot: Slot?
    /// The whole disk that holds both slots.
    var disk: String?

    init(_ settings: EngineSettings) {
        let values = RootFiles(root: settings.root).keyValues(Self.path)
        slot = values["MARTLET_SLOT"].flatMap(Slot.init(rawValue:))
        disk = values["MARTLET_DISK"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
}

extension EngineHost {
    /// A machine whose slots are unified kernel images on the EFI system partition, and labelled partitions.
    init(systemdBoot settings: EngineSettings) throws {
        let report = BootReport(settings)
        guard let disk = settings.disk.isEmpty ? report.disk : settings.disk else {
            throw SettingsError(
                path: settings.path, key: "slots.disk",
                reason: "\(BootReport.path) does not name the disk that holds both slots, so it must be set")
        }
        let booted = try Self.booted(settings, report)
        let files = try DirectoryFileArea(path: settings.kernelDirectory ?? "/efi/EFI/Linux")
        let slots = LabelledSlots(
            disk: try FileBlockDevice(path: disk, access: .readWrite, caching: .direct), booted: booted,
            running: RunningPartitions(root: settings.root))
        try slots.checkBooted()
        self.init(
            bootControl: SystemdBootControl(files: files, booted: booted),
            layout: .unifiedKernelImages(slots: slots, files: Self.paced(files, settings)),
            stateFiles: StateFiles(try DirectoryFileArea(path: settings.stateDirectory)),
            power: CommandPower(command: settings.rebootCommand),
            kernelSwitch: KernelSwitch(
                load: { slot in try Self.loadKernel(of: slot, files) }, unload: { try KexecLoader.unload() },
                power: CommandPower(command: settings.kexecCommand)),
            bootID: try Self.bootID(settings))
    }

    private static func booted(_ settings: EngineSettings, _ report: BootReport) throws -> Slot {
        if case .known(let slot) = settings.booted { return slot }
        guard let slot = report.slot else {
            throw SettingsError(
                path: settings.path, key: "slots.booted",
                reason: "\(BootReport.path) does not tell the running slot, so it must be set")
        }
        return slot
    }

    private static func loadKernel(of slot: Slot, _ files: any FileArea) throws {
        guard let name = try BootEntryName.current(of: slot, in: files), let file = try files.open(name) else {
            throw HostPowerError(reason: "slot \(slot) has no kernel image")
        }
        try KexecLoader.load(BootImage(file), appending: "martlet.slot=\(slot) martlet.kexec=1")
    }
}

extension SlotLayout {
    /// Payload partitions as the reference system names them: `root` and `verity` go to the slot's partitions, `uki`
    /// becomes the file that systemd-boot starts. The activation gives that file its name.
    static func unifiedKernelImages(slots: LabelledSlots, files: any FileArea) -> SlotLayout {
        SlotLayout(
            systems: [
                System(name: "root") { slot in try slots.device(slot, .root) },
                System(name: "verity") { slot in try slots.device(slot, .verity) },
            ],
            bootFile: BootFile(
                partition: "uki", files: files, staged: { BootEntryName.stagedName(of: $0) }, final: nil,
                current: { slot in try BootEntryName.current(of: slot, in: files) },
                check: { file in
                    let image = try BootImage(file)
                    // One that the loader sorts by its version would boot or not boot whatever is activated.
                    try image.checkOrderedByName()
                    _ = try image.rootParameters()
                }))
    }
}
