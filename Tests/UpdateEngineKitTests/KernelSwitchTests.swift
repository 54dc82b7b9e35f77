import BootControl
import BootControlGPT
import EngineControl
import HostPower
import Synchronization
import Testing
import UpdateEngineKit
import UpdateModel

/// The way past the firmware: the engine counts the try, and every failure leads back to the firmware.
@Suite("The switch of kernels")
struct KernelSwitchTests {
    /// What was done with the switch, in order.
    final class Notes: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    struct NotedPower: HostPower {
        let notes: Notes
        var refuses = false
        var name = "kexec"

        func reboot(reason: String) async throws(HostPowerError) {
            notes.add(name)
            if refuses { throw HostPowerError(reason: "something holds the shutdown back") }
        }
    }

    /// What the machine does when it is asked.
    struct Behaviour: Sendable {
        var method = EngineSettings.RebootMethod.kexec
        var loadRefuses = false
        var switchRefuses = false
        var firmwareRefuses = false
    }

    /// Lets a machine stage 2.0.0 and reboot into it, and hands over what was done.
    private func update(
        _ behaviour: Behaviour, _ look: (EngineRig, Notes, EngineStatus) async throws -> Void
    ) async throws {
        try await EngineRig.run(JourneyTests.releases()) { rig in
            let notes = Notes()
            prepare(rig, behaviour, notes)
            try await rig.withEngine { engine in
                try await engine.update()
                let status = try await engine.wait {
                    behaviour.firmwareRefuses
                        ? $0.lastError?.contains("holds the shutdown back") == true : $0.state == .rebooting
                }
                try await look(rig, notes, status)
            }
        }
    }

    private func prepare(_ rig: EngineRig, _ behaviour: Behaviour, _ notes: Notes) {
        rig.settings.withLock { $0.rebootMethod = behaviour.method }
        rig.hostChange.withLock {
            $0 = { host in
                host.power = NotedPower(notes: notes, refuses: behaviour.firmwareRefuses, name: "firmware")
                host.kernelSwitch = KernelSwitch(
                    load: { slot in
                        notes.add("load \(slot)")
                        if behaviour.loadRefuses { throw HostPowerError(reason: "the kernel is locked down") }
                    },
                    unload: { notes.add("unload") },
                    power: NotedPower(notes: notes, refuses: behaviour.switchRefuses))
            }
        }
    }

    @Test("uses the tries up before the jump: the next boot by the firmware takes the proven slot, and the release is held")
    func counted() async throws {
        try await update(Behaviour()) { rig, notes, _ in
            try await notes.wait(for: "kexec")
            #expect(notes.all == ["load b", "kexec"])
            #expect(try rig.bootControl().status(of: .b).triesLeft == 0)
            #expect(try rig.reboot() == .a)
        }
    }

    @Test("that is refused before the jump leaves the tries alone, and the firmware's way is taken")
    func notLoaded() async throws {
        try await update(Behaviour(loadRefuses: true)) { rig, notes, _ in
            try await notes.wait(for: "firmware")
            #expect(notes.all == ["load b", "unload", "unload", "firmware"])
            #expect(try rig.bootControl().status(of: .b).triesLeft == 1)
            #expect(try rig.reboot() == .b)
        }
    }

    @Test("that is refused at the jump gives the tries back, and the firmware's way is taken")
    func notSwitched() async throws {
        try await update(Behaviour(method: .auto, switchRefuses: true)) { rig, notes, _ in
            try await notes.wait(for: "firmware")
            #expect(notes.all == ["load b", "kexec", "unload", "unload", "firmware"])
            #expect(try rig.bootControl().status(of: .b).triesLeft == 1)
            #expect(try rig.reboot() == .b)
        }
    }

    @Test("and the firmware's way both refused: it is said, and the update still waits for its boot")
    func nothingGoes() async throws {
        try await update(Behaviour(loadRefuses: true, firmwareRefuses: true)) { rig, _, status in
            #expect(status.state == .needsReboot)
            #expect(status.lastError?.contains("holds the shutdown back") == true)
            let next = try rig.reboot()
            #expect(next == .b)
        }
    }

    @Test("is not touched where the firmware's way is the setting")
    func firmware() async throws {
        try await update(Behaviour(method: .firmware)) { _, notes, _ in
            try await notes.wait(for: "firmware")
            #expect(notes.all == ["firmware"])
        }
    }

    @Test("into a slot that is proven uses no tries up")
    func proven() async throws {
        try await EngineRig.run(JourneyTests.releases()) { rig in
            try await rig.withEngine { engine in
                try await engine.update()
                try await engine.wait { $0.state == .rebooting }
            }
            #expect(try rig.reboot() == .b)
            let notes = Notes()
            prepare(rig, Behaviour(), notes)
            try await rig.withEngine { engine in
                try await engine.settled()
                #expect(await engine.ask(.rollback).error == nil)
                try await notes.wait(for: "kexec")
            }
            #expect(notes.all == ["load a", "kexec"])
            #expect(try rig.bootControl().status(of: .a).isSuccessful)
            #expect(try rig.reboot() == .a)
        }
    }
}

extension KernelSwitchTests.Notes {
    /// Waits until a line is there.
    func wait(for line: String) async throws {
        for _ in 0..<4000 {
            if all.contains(line) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw RigError(text: "waited in vain for “\(line)” among \(all)")
    }
}
