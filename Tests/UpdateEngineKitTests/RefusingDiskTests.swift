import BootControl
import BootControlGPT
import EngineControl
import FleetTestKit
import HostLinux
import SlotDevice
import Synchronization
import Testing
import UpdateEngineKit
import UpdateModel

/// A machine whose disk does not take any change, for a while or for good, stays in touch.
@Suite("On a disk that refuses")
struct RefusingDiskTests {
    @Test("a good boot that cannot be confirmed goes on checking in, installs nothing, and is confirmed in the end")
    func unconfirmed() async throws {
        try await EngineRig.run(JourneyTests.releases()) { rig in
            try await rig.withEngine { engine in
                try await engine.update()
                try await engine.wait { $0.state == .rebooting }
            }
            #expect(try rig.reboot() == .b)
            try rig.addHealthCheck("echo judged >>\(rig.folder)/verdicts")
            let refusal = Refusal()
            refusal.isOn = true
            rig.hostChange.withLock {
                $0 = { $0.bootControl = RefusingBootControl(base: $0.bootControl, refusal: refusal) }
            }
            let payloadRequests = rig.payloads.requests.count
            try await rig.withEngine { engine in
                let status = try await engine.update(force: true)
                #expect(status.state == .assessing)
                #expect(status.serverHold?.contains("not proven good yet") == true)
                #expect(rig.payloads.requests.count == payloadRequests)
                refusal.isOn = false
                try await engine.settled()
            }
            let verdicts = try AtomicFile.read("\(rig.folder)/verdicts", limit: 4096)
            #expect(verdicts == Array("judged\n".utf8), "the checks are not run anew")
        }
    }

    @Test("an engine that cannot save goes on checking in, and does what it wanted once it can")
    func unsaved() async throws {
        try await EngineRig.run(JourneyTests.releases()) { rig in
            try rig.writeUpdateConf("SERVER=\(rig.omaha.url)\nREBOOT_STRATEGY=off\n")
            try await rig.withEngine { engine in
                let staged = try await engine.update()
                #expect(staged.state == .needsReboot)
            }
            // Somebody took the staged update its place: making it the next again must be remembered first.
            try rig.bootControl().confirm(.a)
            #expect(try rig.reboot() == .a)
            let refusal = Refusal()
            refusal.isOn = true
            let folder = "\(rig.folder)/state"
            rig.hostChange.withLock {
                $0 = { host in
                    guard let area = try? DirectoryFileArea(path: folder) else { return }
                    host.stateFiles = StateFiles(RefusingFileArea(base: area, refusal: refusal))
                }
            }
            try await rig.withEngine { engine in
                let heard = rig.omaha.heard.count
                let status = try await engine.update(force: true)
                #expect(rig.omaha.heard.count > heard)
                #expect(status.serverHold?.contains("not settled") == true)
                #expect(status.slots.contains { $0.slot == .a && $0.isNext })
                #expect(await engine.ask(.rollback).error != nil)
                refusal.isOn = false
                try await engine.wait { $0.slots.contains { $0.slot == .b && $0.isNext } }
            }
        }
    }

    @Test("the engine's directory is locked without a file in it, by one at a time")
    func lock() async throws {
        try await EngineRig.run(JourneyTests.releases()) { rig in
            let folder = "\(rig.folder)/state"
            do {
                let lock = try EngineLock(directory: folder)
                #expect(throws: EngineLockError.taken(path: folder)) { try Self.take(folder) }
                #expect(try DirectoryFileArea(path: folder).names().isEmpty)
                _ = consume lock
            }
            try Self.take(folder)
            #expect(throws: EngineLockError.self) { try Self.take("\(folder)/missing") }
        }
    }

    private static func take(_ folder: String) throws { _ = try EngineLock(directory: folder) }
}
