import EngineControl
import FleetAPI
import FleetModel
import UpdateModel

/// Machines come up, and one of them goes ahead of the others.
extension Cast {
    func powerOn() async throws {
        try await stage.chronicle.step("The machines power on and check in") {
            let version = releases.first.version
            try await waitForFleet("every machine runs \(version) and is good") { views in
                views.allSatisfy { $0.isSettled(on: version) }
            }
            let count = stage.machineCount
            try await waitForServer("the server knows \(count) machines on \(version)") {
                "\(try await fleetOperator.machines().map { "\($0.alias ?? "?") \($0.version)" })"
            } until: {
                let machines = try await fleetOperator.machines()
                return machines.count == count && machines.allSatisfy { $0.version == version }
            }
            return ((), "\(count) × martletd, real HTTP")
        }
    }

    /// One machine's `update.conf` gets `GROUP=alpha`; only its daemon is restarted.
    func joinAlpha() async throws {
        let pioneer = fleet[0]
        try await stage.chronicle.step("\(pioneer.card.alias) joins alpha: GROUP=alpha in its update.conf") {
            let before = await pioneer.view
            try await follow("alpha", group: Headquarters.alphaGroup)
            let after = await pioneer.view
            try check(after.boots == before.boots, "no reboot", seen: "\(after.boots - before.boots) reboots")
            return ((), "daemon restarted, no reboot")
        }
    }

    func leaveAlpha() async throws {
        let pioneer = fleet[0]
        try await stage.chronicle.step("\(pioneer.card.alias) goes back to stable") {
            try await follow(nil, group: Headquarters.stableGroup)
            return ((), nil)
        }
    }

    /// Changes the first machine's group and waits until machine and server agree on it.
    private func follow(_ track: String?, group: String) async throws {
        let pioneer = fleet[0]
        try await pioneer.follow(group: track)
        let wanted = track ?? "stable"
        try await waitForFleet("\(pioneer.card.alias) follows \(wanted)") { views in
            views[0].status?.track == wanted && views[0].power == .up
        }
        let id = pioneer.card.id
        try await waitForServer("the server has \(pioneer.card.alias) in group \(group)") {
            "\(try await fleetOperator.machines().filter { $0.id == id }.map { $0.group?.rawValue ?? "no group" })"
        } until: {
            try await fleetOperator.machines().contains { $0.id == id && $0.group?.rawValue == group }
        }
    }

    func publishToAlpha() async throws {
        let pioneer = fleet[0]
        let version = releases.good.version
        try await stage.chronicle.step("\(version) is published to alpha, and \(pioneer.card.alias) takes it") {
            try await fleetOperator.run(
                "channel", "set", "--app", fleetOperator.application, "alpha", version.text)
            try await waitForFleet("\(pioneer.card.alias) runs \(version) and is good") { views in
                views[0].isSettled(on: version)
            }
            let early = await fleet.views().dropFirst().filter { $0.hasBegun(version) }
            try check(early.isEmpty, "nobody else has begun", seen: early.map(\.card.alias).joined(separator: ", "))
            return ((), "the others wait")
        }
    }

    /// Moves the release on; the server re-reads and hashes the payload each time.
    func promote() async throws {
        let version = releases.good.version
        try await stage.chronicle.step("\(version) is promoted to beta, then to stable") {
            let application = fleetOperator.application
            try await fleetOperator.run("channel", "promote", "--app", application, "alpha", "--to", "beta")
            try await fleetOperator.run("channel", "promote", "--app", application, "beta", "--to", "stable")
            let channels = try await fleetOperator.channels()
            try check(
                channels.count == 3 && channels.allSatisfy { $0.version == version }, "three channels at \(version)",
                seen: "\(channels.map { "\($0.name) \($0.version?.text ?? "-")" })")
            let payload = try await fleetOperator.payload(of: version)
            try check(
                payload?.sha256 == releases.good.payloadDigest, "the bits that were signed",
                seen: "SHA-256 \(payload?.sha256.hexadecimal ?? "of nothing")")
            return ((), "SHA-256 \(releases.good.payloadDigest.hexadecimal.prefix(12))… throughout")
        }
    }
}
