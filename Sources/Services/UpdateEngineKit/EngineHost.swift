package import BootControl
package import HostPower
package import SlotDevice
package import UpdateModel

/// The machine as the engine sees it: its slots, its boot loader, its power switch.
package struct EngineHost: Sendable {
    package var bootControl: any BootControl
    /// The system partition of a slot.
    package var partition: @Sendable (Slot) throws -> any BlockDevice
    /// Where the boot loader finds the kernels, as `vmlinuz-a` and `vmlinuz-b`; `nil` where it finds them elsewhere.
    package var bootFiles: (any FileArea)?
    /// The engine's own directory.
    package var stateFiles: StateFiles
    package var power: any HostPower
    /// Different for each boot.
    package var bootID: String

    package init(
        bootControl: any BootControl, partition: @escaping @Sendable (Slot) throws -> any BlockDevice,
        bootFiles: (any FileArea)?, stateFiles: StateFiles, power: any HostPower, bootID: String
    ) {
        self.bootControl = bootControl
        self.partition = partition
        self.bootFiles = bootFiles
        self.stateFiles = stateFiles
        self.power = power
        self.bootID = bootID
    }
}
