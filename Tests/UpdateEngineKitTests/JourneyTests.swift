import EngineControl
import EngineTestKit
import FleetTestKit
import FoundationEssentials
import OmahaProtocol
import Synchronization
import Testing
import UpdateEngineKit
import UpdateLogic
import UpdateModel

@Suite("The engine’s journeys", .serialized)
struct JourneyTests {
    static func releases() throws -> [TestRelease] { [try TestRelease("1.0.0"), try TestRelease("2.0.0")] }

    /// Enough bytes for several connections and places to go on from.
    static func largeReleases() throws -> [TestRelease] {
        var recipe = TestRelease.Recipe()
        recipe.imageBytes = 1 << 20
        recipe.operationBytes = 32 << 10
        return [try TestRelease("1.0.0", recipe: recipe), try TestRelease("2.0.0", recipe: recipe)]
    }

    @Test("from 1.0.0 to 2.0.0 through boot and proof, and the server hears every event in its order")
    func happyPath() async throws {
        try await EngineRig.run(Self.releases()) { rig in
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.lastError == nil)
                #expect(status.newVersion == "2.0.0")
                try await engine.wait { $0.state == .rebooting }
            }
            #expect(rig.power.reasons == ["update to 2.0.0"])
            #expect(try rig.reboot() == .b)
            try await rig.withEngine { engine in
                try await engine.settled()
                let status = try await engine.update()
                #expect(status.version == "2.0.0")
                #expect(status.slots.map(\.life) == ["good", "good"])
                try await engine.update()
            }
            #expect(
                rig.omaha.events
                    == ["3/2 <0.0.0.0>", "13/1", "14/1", "3/1", "3/2 <1.0.0>", "3/2 <>"])
            #expect(
                rig.omaha.heard.flatMap(\.apps).map(\.version) == [
                    "1.0.0", "1.0.0", "1.0.0", "1.0.0", "2.0.0", "2.0.0",
                ])
        }
    }

    @Test(
        "an event that the server refuses is told again until it is taken: none lost, none out of order",
        arguments: [13, 14, 3])
    func refusedEvents(type: Int) async throws {
        try await EngineRig.run(Self.releases()) { rig in
            let refusals = Countdown(2)
            rig.omaha.follow { script in
                script.fault = { request in
                    let events = request.apps.flatMap(\.events)
                    guard events.contains(where: { $0.type.rawValue == type && $0.result == .success }) else {
                        return nil
                    }
                    return refusals.next() ? .answers(status: 500, body: "") : nil
                }
            }
            try await rig.withEngine { engine in
                try await engine.update()
                try await engine.wait { $0.state == .rebooting }
            }
            try rig.reboot()
            try await rig.withEngine { engine in
                try await engine.settled()
                try await engine.update()
                let status = try await engine.update()
                #expect(status.reportsPending == 0)
            }
            let told = rig.omaha.events.filter { !$0.hasPrefix("3/2") }
            #expect(told == ["13/1", "14/1", "3/1"])
        }
    }

    @Test("reports outlive a server that is down and a restart, and so does the news of the update")
    func serverDown() async throws {
        try await EngineRig.run(Self.releases()) { rig in
            try await rig.withEngine { engine in
                try await engine.update()
                try await engine.wait { $0.state == .rebooting }
            }
            try rig.reboot()
            let before = rig.omaha.events.count
            rig.omaha.follow { $0.fault = { _ in .closes } }
            try await rig.withEngine { engine in
                try await engine.settled()
                let status = try await engine.update()
                #expect(status.lastError?.contains("did not answer") == true)
            }
            rig.omaha.follow { $0.fault = { _ in nil } }
            try await rig.withEngine { engine in try await engine.update() }
            #expect(rig.omaha.events.dropFirst(before) == ["3/2 <1.0.0>"])
        }
    }

    @Test(
        "killed in mid-download, the engine goes on where it was", arguments: [1, 200_000, 500_000, 900_000, 1_040_000])
    func killed(at bytes: Int) async throws {
        let releases = try Self.largeReleases()
        try await EngineRig.run(releases) { rig in
            rig.payloads.behave(.stalls(afterBytes: bytes))
            try await rig.withEngine { engine in
                _ = await engine.ask(.update)
                try await engine.wait { status in
                    status.state == .downloading && !rig.payloads.requests.isEmpty
                        && (bytes < 300_000 || status.downloadedBytes >= 256 << 10)
                }
            }
            #expect(try !rig.isBootable(.b))
            rig.payloads.behave(.honest)
            let before = rig.payloads.requests.count
            try await rig.withEngine { engine in
                try await engine.update()
                try await engine.wait { $0.state == .rebooting }
            }
            let range = rig.payloads.requests.dropFirst(before).first?.headers["range"] ?? "bytes=0-"
            let offset = Int(range.dropFirst(6).dropLast()) ?? 0
            if bytes >= 500_000 { #expect(offset > 128 << 10, "went on from byte \(offset)") }
            #expect(try rig.slotBytes(.b) == releases[1].image)
            #expect(rig.omaha.events.filter { !$0.hasPrefix("3/2") } == ["13/1", "14/1", "3/1"])
            #expect(try rig.reboot() == .b)
        }
    }

    @Test("a stopped daemon leaves by itself and throws nothing, whatever it was doing")
    func cleanStop() async throws {
        try await EngineRig.run(Self.releases()) { rig in
            try rig.addHealthCheck("sleep 30")
            try await rig.withEngine { _ in }
            rig.payloads.behave(.silent)
            try await rig.withEngine { engine in
                _ = await engine.ask(.update)
                try await engine.wait { $0.state == .downloading }
            }
        }
    }

    @Test(
        "a release that fails its health checks is left at once, reported with the check's words, and not tried again")
    func failedHealth() async throws {
        try await EngineRig.run(Self.releases()) { rig in
            try rig.addHealthCheck(#"[ "$MARTLET_VERSION" = 1.0.0 ] || { echo "the web service is down"; exit 3; }"#)
            try await rig.withEngine { engine in
                try await engine.update()
                try await engine.wait { $0.state == .rebooting }
            }
            #expect(try rig.reboot() == .b)
            try await rig.withEngine { engine in
                try await engine.wait { $0.state == .rebooting }
                #expect(await engine.status().lastError?.contains("web service") == true)
            }
            #expect(rig.power.reasons == ["2.0.0 failed its health checks"])
            #expect(try rig.reboot() == .a)
            let payloadRequests = rig.payloads.requests.count
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.held.map(\.version) == ["2.0.0"])
                #expect(status.serverHold?.contains("web service") == true)
                #expect(status.lastError == nil)
            }
            #expect(rig.payloads.requests.count == payloadRequests)
            let failure = rig.omaha.heard.flatMap(\.apps).flatMap(\.events).first { $0.errorCode == .rollback }
            #expect(failure?.reason?.hasPrefix("the web service is down") == true)
            #expect(failure?.failedVersion == "2.0.0")
            #expect(failure?.failedDigest != nil)
            try await rig.withEngine { engine in
                let status = try await engine.update(force: true)
                #expect(status.newVersion == "2.0.0", "a person may try it again")
                #expect(status.lastError == nil)
            }
        }
    }

    @Test("a rollback goes back to the good release, which needs no second proof, and what is left is held")
    func rollback() async throws {
        try await EngineRig.run(Self.releases()) { rig in
            try await rig.withEngine { engine in
                // Before that it may be judging the boot, and ask for patience.
                try await engine.settled()
                #expect(await engine.ask(.rollback).error?.exit == ExitStatus.notPermitted.rawValue)
                try await engine.update()
                try await engine.wait { $0.state == .rebooting }
            }
            try rig.reboot()
            try await rig.withEngine { engine in
                try await engine.settled()
                #expect(await engine.ask(.rollback).error == nil)
                try await engine.wait { $0.state == .rebooting }
            }
            #expect(rig.power.reasons == ["rollback to 1.0.0"])
            #expect(try rig.reboot() == .a)
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.version == "1.0.0")
                #expect(status.held.map(\.version) == ["2.0.0"])
                #expect(status.state == .idle)
            }
            #expect(rig.omaha.events.last == "3/2 <2.0.0>")
        }
    }

    @Test("with the strategy “off” the machine waits, and a restart of the daemon keeps it waiting")
    func strategyOff() async throws {
        try await EngineRig.run(Self.releases()) { rig in
            try rig.writeUpdateConf("SERVER=\(rig.omaha.url)\nREBOOT_STRATEGY=off\n")
            for _ in 0..<2 {
                try await rig.withEngine { engine in
                    let status = try await engine.update()
                    #expect(status.state == .needsReboot)
                }
            }
            #expect(rig.power.reasons.isEmpty)
            #expect(rig.payloads.requests.count == 3)  // Header, metadata, the rest.
        }
    }

    @Test("a staged release that the server withdraws is given up: the machine boots what it runs, and says so")
    func withdrawn() async throws {
        try await EngineRig.run(Self.releases()) { rig in
            try rig.writeUpdateConf("SERVER=\(rig.omaha.url)\nREBOOT_STRATEGY=off\n")
            try await rig.withEngine { engine in
                let staged = try await engine.update()
                #expect(staged.state == .needsReboot)
                rig.omaha.follow { $0.check = .noUpdate(act: OmahaAct(.unstage, id: "w1", text: "it eats disks")) }
                for _ in 0..<2 {
                    let status = try await engine.update()
                    #expect(status.state == .idle)
                }
            }
            #expect(rig.omaha.events.filter { $0.hasPrefix("41") } == ["41/1"])
            #expect(try rig.reboot() == .a)
            try await rig.withEngine { engine in
                let status = try await engine.update()
                #expect(status.version == "1.0.0")
                #expect(status.held.isEmpty, "a newer release may come at once, and this one if it is offered again")
            }
        }
    }

    @Test("asking only installs nothing")
    func checkOnly() async throws {
        try await EngineRig.run(Self.releases()) { rig in
            try await rig.withEngine { engine in
                let awaited = await engine.ask(.check).status?.awaitedCheck ?? 1
                let status = try await engine.wait { $0.checkCount >= awaited }
                #expect(status.newVersion == "2.0.0")
                #expect(status.state == .idle)
            }
            #expect(rig.payloads.requests.isEmpty)
        }
    }

    @Test("a changed GROUP is followed at the next check, and SERVER=disabled is obeyed and shown")
    func updateConf() async throws {
        try await EngineRig.run(Self.releases()) { rig in
            rig.omaha.follow { $0.check = .noUpdate() }
            try await rig.withEngine { engine in
                try await engine.update()
                try rig.writeUpdateConf("SERVER=\(rig.omaha.url)\nGROUP=alpha\n")
                try await engine.update()
                try rig.writeUpdateConf("SERVER=disabled\n")
                let off = try await engine.update()
                #expect(off.serverHold == "updates are switched off on this machine")
                #expect(off.server == "")
                try rig.writeUpdateConf("SERVER=https//secret@nowhere\n")
                let unusable = try await engine.update()
                #expect(unusable.lastError?.contains("SERVER in update.conf is no web address") == true)
                #expect(!"\(unusable)".contains("secret"))
            }
            #expect(rig.omaha.heard.flatMap(\.apps).map(\.track) == ["stable", "alpha"])
        }
    }
}

/// Says yes so many times.
final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { self.left = Mutex(count) }

    func next() -> Bool {
        left.withLock { left in
            left -= 1
            return left >= 0
        }
    }
}
