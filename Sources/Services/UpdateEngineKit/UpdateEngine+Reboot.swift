import BootControl
import EngineControl
import HostPower
import Logging
import UpdateLogic
import UpdateModel

extension UpdateEngine {
    /// - Returns: whether the machine will reboot.
    @discardableResult func rebootIfWanted(into staged: StagedUpdate) -> Bool {
        guard machine.boot.next == staged.slot, identity.rebootStrategy == .reboot || staged.isRollback else {
            return false
        }
        planReboot(staged.isRollback ? "rollback to \(staged.version)" : "update to \(staged.version)")
        return true
    }

    func planReboot(_ reason: String) {
        guard plannedReboot == nil else { return }
        plannedReboot = PlannedReboot(reason: reason, notBefore: clock.now)
        wakeLoop()
    }

    func perform(_ reboot: PlannedReboot) async {
        // What it was planned for may have been withdrawn since.
        guard machine.phase == .needsReboot || machine.phase == .leaving else {
            plannedReboot = nil
            return
        }
        logger.notice("Rebooting", metadata: ["reboot.reason": "\(reboot.reason)"])
        do {
            activity.state = .rebooting
            if await !switchKernel(reason: reboot.reason) {
                // A kernel that an earlier attempt has loaded would be started in place of the firmware.
                if settings.rebootMethod != .firmware { try? host.kernelSwitch?.unload() }
                try await perform { $0.missingActivation() }  // An attempt past the firmware may have used the tries.
                try await host.power.reboot(reason: reboot.reason)
            }
            // The process is about to be stopped. If it is not, something holds the reboot back: it is asked again.
            plannedReboot?.notBefore = clock.now + .seconds(300)
        } catch {
            activity.state = nil
            guard !Task.isCancelled else { return }
            note(error, "The reboot was refused")
            plannedReboot?.notBefore = clock.now + .seconds(60)
        }
    }

    /// Goes to the staged slot past the firmware, where that is wanted and possible.
    ///
    /// The boot loader does not see such a boot, so its try is counted here, before it: whatever goes wrong from then
    /// on, the next boot by the firmware takes the other slot, until this one is confirmed.
    /// - Returns: whether the machine is on its way; if not, the firmware's way is open as before.
    private func switchKernel(reason: String) async -> Bool {
        guard settings.rebootMethod != .firmware, let kernelSwitch = host.kernelSwitch,
            machine.phase == .needsReboot, let staged = keeper.record.staged, machine.boot.next == staged.slot
        else { return false }
        do {
            try kernelSwitch.load(staged.slot)
            if !machine.boot.isProven(staged.slot) { try keeper.spendTries(of: staged.slot) }
            try await kernelSwitch.power.reboot(reason: reason)
            return true
        } catch {
            guard !Task.isCancelled else { return true }  // Being stopped is what was asked for.
            note(error, "The kernel could not be switched; the machine goes through its firmware")
            try? kernelSwitch.unload()  // It is started by nobody, and lost at the reboot.
            return false
        }
    }
}
