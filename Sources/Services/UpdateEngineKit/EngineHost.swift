import BootControl
import HostPower
import SlotDevice
import UpdateModel

/// The machine as the engine sees it: its slots, its boot loader, its power switch.
struct EngineHost: Sendable {
    var bootControl: any BootControl
    /// The system partition of a slot.
    var partition: @Sendable (Slot) throws -> any BlockDevice
    /// Where the boot loader finds the kernels, as `vmlinuz-a` and `vmlinuz-b`.
    var bootFiles: any FileArea
    var power: any HostPower
    /// Different for each boot.
    var bootID: String

    init(
        bootControl: any BootControl, partition: @escaping @Sendable (Slot) throws -> any BlockDevice,
        bootFiles: any FileArea, power: any HostPower, bootID: String
    ) {
        self.bootControl = bootControl
        self.partition = partition
        self.bootFiles = bootFiles
        self.power = power
        self.bootID = bootID
    }
}
