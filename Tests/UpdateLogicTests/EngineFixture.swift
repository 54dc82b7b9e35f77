import BootControl
import UpdateLogic
import UpdateModel

/// Two releases, a machine, and the loader's view of it.
enum EngineFixture {
    static let one = version("1.0.0")
    static let two = version("2.0.0")
    static let three = version("3.0.0")
    static let schedule = CheckSchedule.stock

    static func version(_ text: String) -> Version {
        guard let version = try? Version(text) else { preconditionFailure("\(text) is a version") }
        return version
    }

    static func digest(_ byte: UInt8) -> SHA256Digest {
        guard let digest = SHA256Digest(bytes: [UInt8](repeating: byte, count: 32)) else { preconditionFailure() }
        return digest
    }

    static func offer(_ version: Version, payload: UInt8 = 0xAA) -> UpdateOffer {
        UpdateOffer(version: version, payloadDigest: digest(payload), payloadSizeBytes: 1000)
    }

    static let good = SlotBootStatus(priority: 2, triesLeft: 0, isSuccessful: true)
    static let empty = SlotBootStatus(priority: 0, triesLeft: 0, isSuccessful: false)
    static let fresh = SlotBootStatus(priority: 3, triesLeft: 1, isSuccessful: false)
    static let tried = SlotBootStatus(priority: 3, triesLeft: 0, isSuccessful: false)

    /// Slot A runs 1.0.0 and is good, slot B is empty.
    static func boot(
        _ id: String = "boot-1", booted: Slot = .a, running: Version = one, a: SlotBootStatus = good,
        b: SlotBootStatus = empty
    ) -> BootFacts {
        let bootable = [(Slot.a, a), (.b, b)].filter { $0.1.isBootable }
        let next = bootable.max { $0.1.priority < $1.1.priority }?.0
        return BootFacts(bootID: id, booted: booted, runningVersion: running, status: [.a: a, .b: b], next: next)
    }

    /// A machine that runs 1.0.0 from slot A.
    static func idle() -> UpdateMachine {
        var machine = UpdateMachine(record: EngineRecord(), boot: boot())
        _ = machine.started()
        return machine
    }

    /// A machine that runs 1.0.0 from slot A and has 2.0.0 staged in slot B.
    static func staged() -> UpdateMachine {
        var machine = idle()
        machine.offerAccepted(offer(two), into: .b)
        machine.downloadStarted()
        machine.downloadFinished()
        _ = machine.installed(contentDigest: digest(2))
        return machine
    }

    /// The same machine after a boot in which `booted` came up, with the loader's view of slot B.
    static func rebooted(
        _ record: EngineRecord, booted: Slot, b: SlotBootStatus, id: String = "boot-2"
    ) -> UpdateMachine {
        UpdateMachine(record: record, boot: boot(id, booted: booted, running: booted == .a ? one : two, b: b))
    }

    /// A machine that runs 2.0.0 from slot B, proven good, with 1.0.0 good in slot A.
    static func updated() -> UpdateMachine {
        var machine = rebooted(staged().record, booted: .b, b: tried)
        _ = machine.started()
        machine.update(
            status: [.a: good, .b: SlotBootStatus(priority: 3, triesLeft: 0, isSuccessful: true)], next: .b)
        machine.bootConfirmed()
        return machine
    }
}
