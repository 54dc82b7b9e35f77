import BootControl
import EngineControl
import FoundationEssentials
import UpdateLogic
import UpdateModel

extension UpdateEngine {
    /// Answers a person's request. Long work is only begun here; the status shows how it goes.
    func answer(_ request: ControlRequest) async -> ControlResponse {
        do {
            switch request.command {
            case .status: break
            case .check: wake(.check(isForced: false, installs: false))
            case .update: wake(.check(isForced: request.force ?? false, installs: true))
            case .rollback: try await perform { try $0.rollbackRequested() }
            }
            if request.command == .rollback { wakeLoop() }
            return ControlResponse(status: status())
        } catch {
            let message = (error as? any UserFacingError)?.userMessage
            return ControlResponse(
                error: .init(
                    message: message?.line ?? "\(error)", exit: (message?.exit ?? .inputOutput).rawValue))
        }
    }

    func status() -> EngineStatus {
        EngineStatus(
            state: state(), machine: identity.machine.rawValue, version: identity.version.text,
            slot: host.bootControl.booted, server: identity.server ?? "", track: identity.track,
            newVersion: activity.newVersion ?? machine.record.staged?.version.text, progress: activity.progress,
            slots: Slot.allCases.map(slotStatus),
            held: machine.record.held.map { .init(version: $0.version.text, reason: $0.reason) },
            reportsPending: machine.record.reports.count, lastCheckAt: activity.lastCheckAt?.formatted(.iso8601),
            nextCheckAt: activity.nextCheckAt?.formatted(.iso8601), serverHold: activity.serverHold,
            lastError: activity.lastError, downloadedBytes: activity.downloadedBytes, checkCount: activity.checkCount)
    }

    private func state() -> EngineStatus.State {
        if let state = activity.state { return state }
        return switch machine.phase {
        case .assessing: .assessing
        case .idle: .idle
        case .installing: .downloading
        case .needsReboot: .needsReboot
        case .leaving: .rebooting
        }
    }

    private func slotStatus(_ slot: Slot) -> EngineStatus.SlotStatus {
        let boot = machine.boot.status[slot]
        let content = machine.record.slots[slot]
        return EngineStatus.SlotStatus(
            slot: slot, isBooted: slot == host.bootControl.booted, life: content?.life.rawValue ?? "empty",
            version: content?.version?.text, contentDigest: content?.contentDigest, priority: boot?.priority ?? 0,
            triesLeft: boot?.triesLeft ?? 0, isSuccessful: boot?.isSuccessful ?? false,
            isNext: (try? host.bootControl.next()) == slot)  // A table that cannot be read has no next slot.
    }
}
