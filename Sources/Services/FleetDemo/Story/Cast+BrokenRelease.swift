import EngineControl
import FleetAPI
import FleetModel
import UpdateModel

/// 3.0.0 never becomes healthy: machines fall back by themselves, and the roll-out stops itself.
extension Cast {
    func rollOutBrokenRelease() async throws {
        let tried = try await publishBrokenRelease()
        try await proveStop(tried: tried)
        try await proveReasons(tried: tried)
        try await proveNoRetry(tried: tried)
        try await proveDisks(
            "Every disk still holds \(releases.good.version), and boots it next", failed: releases.broken)
    }

    /// - Returns: the machines that tried the release.
    private func publishBrokenRelease() async throws -> [MachineView] {
        let (good, broken) = (releases.good.version, releases.broken.version)
        return try await stage.chronicle.step("\(broken), which is broken, is put on stable in a hurry") {
            try await fleetOperator.run(
                "channel", "set", "--app", fleetOperator.application, "stable", broken.text)
            try await waitForServer("the roll-out of \(broken) stops") {
                let rollout = try await fleetOperator.group(Headquarters.stableGroup).rollout
                return rollout.map { "\($0.version) \($0.state), \($0.failed) failed" } ?? "no roll-out"
            } until: {
                try await faultlessViews()
                let rollout = try await fleetOperator.group(Headquarters.stableGroup).rollout
                return rollout?.version == broken && rollout?.state == .stopped && rollout?.inProgress == 0
            }
            try await waitForFleet("every machine that tried \(broken) is back on \(good)") { views in
                views.allSatisfy { $0.isSettled(on: good) && (!$0.hasBegun(broken) || $0.hasHeld(broken)) }
            }
            let tried = await fleet.views().filter { $0.hasBegun(broken) }
            let names = tried.map(\.card.alias).joined(separator: ", ")
            return (
                tried, "\(names): health gate failed, back on \(good) by \(tried.count == 1 ? "itself" : "themselves")"
            )
        }
    }

    private func faultlessViews() async throws {
        for view in await fleet.views() {
            guard let fault = view.fault else { continue }
            throw StoryFailure(expected: "every machine runs", seen: "\(view.card.alias): \(fault)", log: view.card.log)
        }
    }

    private func proveStop(tried: [MachineView]) async throws {
        let broken = releases.broken.version
        let untouched = stage.machineCount - tried.count
        try await stage.chronicle.step(
            "The roll-out stopped itself; \(untouched) of \(stage.machineCount) machines never tried"
        ) {
            let limits = stage.limits
            try check(
                (limits.stopAfterFailures...limits.triedMax).contains(tried.count),
                "\(limits.stopAfterFailures) to \(limits.triedMax) machines to try", seen: "\(tried.count)")
            try check(untouched >= 1, "some machines to be left alone", seen: "all tried")
            let rollout = try await fleetOperator.group(Headquarters.stableGroup).rollout
            try check(
                rollout?.granted == tried.count, "as many grants as machines that tried",
                seen: "\(rollout?.granted ?? 0) grants for \(tried.count) machines")
            let reason = rollout?.stopReason ?? ""
            try check(!reason.isEmpty, "the server to say why", seen: "no reason")
            let rest = await fleet.views().filter { view in !tried.contains { $0.card == view.card } }
            let touched = rest.filter { view in view.slots(holding: broken).isEmpty == false }
            try check(touched.isEmpty, "no trace of \(broken) on the rest", seen: "\(touched.map(\.card.alias))")
            return ((), reason)
        }
    }

    private func proveReasons(tried: [MachineView]) async throws {
        let broken = releases.broken.version
        try await stage.chronicle.step("Each of them told the server why") {
            for view in tried {
                let id = view.card.id
                try await waitForServer("\(view.card.alias) reports its failure with \(broken)") {
                    "\(try await fleetOperator.machines().filter { $0.id == id }.map { $0.lastError?.reason ?? "no error" })"
                } until: {
                    let machine = try await fleetOperator.machines().first { $0.id == id }
                    return machine?.lastError?.reason?.contains("web service") == true
                }
            }
            let ids = Set(tried.map(\.card.id))
            return ((), try await fleetOperator.machines().first { ids.contains($0.id) }?.lastError?.reason)
        }
    }

    /// Lets every machine that failed check in twice more: nothing may happen.
    private func proveNoRetry(tried: [MachineView]) async throws {
        let broken = releases.broken.version
        try await stage.chronicle.step("They check in again and do not try \(broken) again") {
            let before = await checkCounts()
            try await waitForFleet("every machine that failed checks in twice more") { _ in
                let now = await checkCounts()
                return tried.allSatisfy { now[$0.card.alias] ?? 0 >= (before[$0.card.alias] ?? 0) + 2 }
            }
            for view in await fleet.views() {
                let attempts = view.history.count { $0.kind == .downloading && $0.version == broken.text }
                try check(
                    attempts <= 1, "\(view.card.alias) to try once at most", seen: "\(attempts) times",
                    log: view.card.log)
            }
            return ((), nil)
        }
    }

    private func checkCounts() async -> [String: Int] {
        var counts: [String: Int] = [:]
        for view in await fleet.views() {
            counts[view.card.alias] = view.status.map { Int(clamping: $0.checkCount) } ?? 0
        }
        return counts
    }
}

extension MachineView {
    func slots(holding version: Version) -> [Slot] {
        (status?.slots ?? []).filter { $0.version == version.text }.map(\.slot)
    }
}
