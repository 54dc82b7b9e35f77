package import BootControl
package import HostPower
import SlotDevice
package import UpdateModel

/// The machine as the engine sees it: its slots, its boot loader, its power switch.
package struct EngineHost: Sendable {
    package var bootControl: any BootControl
    package var layout: SlotLayout
    /// The engine's own directory.
    package var stateFiles: StateFiles
    package var power: any HostPower
    /// The way past the firmware; `nil` where there is none.
    package var kernelSwitch: KernelSwitch?
    /// Different for each boot.
    package var bootID: String
    /// What keeps the engine's own directory from being written, in words; `nil` when nothing does.
    package var stateTrouble: @Sendable () -> String? = { nil }

    package init(
        bootControl: any BootControl, layout: SlotLayout, stateFiles: StateFiles, power: any HostPower,
        kernelSwitch: KernelSwitch? = nil, bootID: String
    ) {
        self.bootControl = bootControl
        self.layout = layout
        self.stateFiles = stateFiles
        self.power = power
        self.kernelSwitch = kernelSwitch
        self.bootID = bootID
    }
}

/// Starts a slot's kernel from the running one (kexec): seconds are saved, and neither firmware nor boot loader sees it.
package struct KernelSwitch: Sendable {
    /// Puts the slot's kernel where the next reboot finds it.
    package var load: @Sendable (Slot) throws -> Void
    /// Takes it away from there.
    package var unload: @Sendable () throws -> Void
    /// Shuts the system down into the kernel that was loaded.
    package var power: any HostPower

    package init(
        load: @escaping @Sendable (Slot) throws -> Void, unload: @escaping @Sendable () throws -> Void,
        power: any HostPower
    ) {
        self.load = load
        self.unload = unload
        self.power = power
    }
}
