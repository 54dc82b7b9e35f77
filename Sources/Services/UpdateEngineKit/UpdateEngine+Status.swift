import BootControl
package import EngineControl
import FoundationEssentials
import UpdateLogic
import UpdateModel

extension UpdateEngine {
    /// Answers a person's request. Long work is only begun here; the status shows how it goes.
    package func answer(_ request: ControlRequest) async -> ControlResponse {
        do {
            var awaited: Int?
            switch request.command {
            case .status: break
            case .check: awaited = wish(CheckWish(isForced: false, installs: false))
            case .update: awaited = wish(CheckWish(isForced: request.force ?? false, installs: true))
            case .rollback:
                try await perform { try $0.rollbackRequested() }
                wakeLoop()
            }
            var status = status()
            status.awaitedCheck = awaited
            return ControlResponse(status: status)
        } catch {
            let message = (error as? any UserFacingError)?.userMessage
            return ControlResponse(
                error: .init(
                    message: message?.line ?? "\(error)", exit: (message?.exit ?? .inputOutput).rawValue))
        }
    }

    /// Puts a check in the queue.
    /// - Returns: the number of checks once it has run its course.
    private func wish(_ wish: CheckWish) -> Int {
        // A person who asks ten times wants one check.
        if !wishes.contains(wish) { wishes.append(wish) }
        wakeLoop()
        let place = wishes.firstIndex(of: wish) ?? 0
        return activity.checkCount + (activity.isChecking ? 1 : 0) + place + 1
    }

    package func status() -> EngineStatus {
        var status = presentStatus()
        if !settings.unknownKeys.isEmpty { status.unknownSettings = settings.unknownKeys }
        return status
    }

    private func presentStatus() -> EngineStatus {
        EngineStatus(
            state: state(), machine: identity.machine.rawValue, version: identity.version.text,
            slot: host.bootControl.booted, server: serverText, track: identity.track,
            newVersion: activity.newVersion ?? keeper.record.staged?.version.text, progress: activity.progress,
            slots: Slot.allCases.map(slotStatus),
            held: keeper.record.held.map { .init(version: $0.version.text, reason: $0.reason) },
            reportsPending: keeper.record.reports.count, lastCheckAt: activity.lastCheckAt?.formatted(.iso8601),
            nextCheckAt: activity.nextCheckAt?.formatted(.iso8601), serverHold: activity.serverHold,
            lastError: activity.lastError, downloadedBytes: activity.downloadedBytes, checkCount: activity.checkCount)
    }

    private var serverText: String {
        switch identity.server {
        case .off: ""
        case .at(let address): "\(address)"
        case .unusable(let source): "unusable: \(source)"
        }
    }

    private func state() -> EngineStatus.State {
        if let state = activity.state { return state }
        return switch machine.phase {
        case .starting, .assessing: .assessing
        case .idle: .idle
        case .installing: .downloading
        case .needsReboot: .needsReboot
        case .leaving: .rebooting
        }
    }

    private func slotStatus(_ slot: Slot) -> EngineStatus.SlotStatus {
        let boot = machine.boot.status[slot]
        let content = keeper.record.slots[slot]
        return EngineStatus.SlotStatus(
            slot: slot, isBooted: slot == host.bootControl.booted, life: (content?.life ?? .empty).rawValue,
            version: content?.version?.text, contentDigest: content?.contentDigest, priority: boot?.priority ?? 0,
            triesLeft: boot?.triesLeft ?? 0, isSuccessful: boot?.isSuccessful ?? false,
            isNext: machine.boot.next == slot)
    }
}
