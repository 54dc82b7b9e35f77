import BootControlGPT
import FleetTestKit
import PartitionTable
import SlotDevice
import Testing
import UpdateModel

/// Invariant 3: power lost at any instruction leaves a machine that boots a complete system, and work that can go on.
@Suite struct BootOrderPowerCutTests {
    /// What a copy of the table is like before a step begins.
    enum Damage: String, CaseIterable {
        case none, primaryHeader, primaryEntries, backupHeader, copiesDisagree
    }

    private static let seeds: ClosedRange<UInt64> = 1...12

    @Test(
        "Cut at every write and flush of a boot-order step, the old state or the new one boots, and the step can be run again",
        arguments: BootOrderStep.allCases)
    func everyCutPoint(step: BootOrderStep) throws {
        var cutCount = 0
        for damage in Damage.allCases {
            let image = try Self.image(before: step, damage)
            let outcomes = try Self.uncut(step, image)
            for survival in CacheSurvival.allCases {
                for seed in survival == .scattered ? Self.seeds : 1...1 {
                    cutCount += try cutEverywhere(step, image, outcomes, survival, seed, "\(damage)")
                }
            }
        }
        print("power cut \(cutCount) times during \(step.rawValue)")
        #expect(cutCount >= 6 * 14)
    }

    /// Cuts at the first operation, the second, and so on, until the step completes. Returns how often.
    private func cutEverywhere(
        _ step: BootOrderStep, _ image: [UInt8], _ outcomes: Outcomes, _ survival: CacheSurvival, _ seed: UInt64,
        _ damage: String
    ) throws -> Int {
        for cutPoint in 1... {
            let rig = try PowerCutRig(image: image, seed: seed)
            let place: Comment =
                "\(step.rawValue), table \(damage), cut at \(cutPoint), cache \(survival), seed \(seed)"
            rig.power.cut(atOperation: cutPoint, survival: survival)
            do {
                try step.run(on: rig.control(booted: step.booted))
                return cutPoint - 1
            } catch {
                rig.power.restore()
            }
            let words = try rig.words()
            #expect(words == outcomes.oldWords || words == outcomes.newWords, place)
            let booted = try rig.firmware.boot()
            #expect(booted == outcomes.oldBoot || booted == outcomes.newBoot, place)
            let again = try PowerCutRig(image: image, seed: seed)
            again.power.cut(atOperation: cutPoint, survival: survival)
            #expect(throws: (any Error).self, place) { try step.run(on: again.control(booted: step.booted)) }
            again.power.restore()
            try step.run(on: again.control(booted: step.booted))
            #expect(try again.words() == outcomes.newWords, place)
            #expect(try PartitionedDisk(again.disk).read().isSound, place)
        }
        return 0
    }

    @Test("Cut at every write of the boot loader itself, the next start boots a complete system")
    func cutInTheLoader() throws {
        let image = try PowerCutRig.image(
            PartitionAttributes(priority: 1, isSuccessful: true), PartitionAttributes(priority: 2, triesLeft: 1))
        var cutCount = 0
        for survival in CacheSurvival.allCases {
            for seed in Self.seeds {
                for cutPoint in 1... {
                    let rig = try PowerCutRig(image: image, seed: seed)
                    rig.power.cut(atOperation: cutPoint, survival: survival)
                    if (try? rig.firmware.boot()) != nil { break }
                    rig.power.restore()
                    cutCount += 1
                    let outcome = try rig.firmware.boot()
                    #expect(
                        [.booted(.a), .booted(.b)].contains(outcome), "cut at \(cutPoint), \(survival), seed \(seed)")
                }
            }
        }
        print("power cut \(cutCount) times in the boot loader")
        #expect(cutCount >= 8 * 14)
    }

    @Test(
        "An error at any operation, without a power cut, leaves the old state or the new one, and the step can be run again",
        arguments: BootOrderStep.allCases)
    func everyFailedOperation(step: BootOrderStep) throws {
        let image = try Self.image(before: step, .none)
        let outcomes = try Self.uncut(step, image)
        for number in 1... {
            let rig = try PowerCutRig(image: image, seed: 1)
            rig.power.fail(operation: number)
            do {
                try step.run(on: rig.control(booted: step.booted))
                break
            } catch {
                let words = try rig.words()
                #expect(words == outcomes.oldWords || words == outcomes.newWords, "operation \(number)")
            }
            try step.run(on: rig.control(booted: step.booted))
            #expect(try rig.words() == outcomes.newWords)
        }
    }

    struct Outcomes {
        let oldWords: [UInt64]
        let newWords: [UInt64]
        let oldBoot: BootOutcome
        let newBoot: BootOutcome
    }

    /// What is there, and what boots, without and with the whole step.
    private static func uncut(_ step: BootOrderStep, _ image: [UInt8]) throws -> Outcomes {
        let old = try PowerCutRig(image: image, seed: 1)
        let new = try PowerCutRig(image: image, seed: 1)
        try step.run(on: new.control(booted: step.booted))
        let (oldWords, newWords) = try (old.words(), new.words())
        return Outcomes(
            oldWords: oldWords, newWords: newWords, oldBoot: try old.firmware.boot(), newBoot: try new.firmware.boot())
    }

    private static func image(before step: BootOrderStep, _ damage: Damage) throws -> [UInt8] {
        var image = try PowerCutRig.image(step.before.a, step.before.b)
        switch damage {
        case .none: break
        case .primaryHeader: image[512 + 30] ^= 1
        case .primaryEntries: image[1024 + 200] ^= 1
        case .backupHeader: image[image.count - 512 + 30] ^= 1
        case .copiesDisagree:
            let other = try PowerCutRig.image(step.before.a, PartitionAttributes(priority: 5, triesLeft: 5))
            image.replaceSubrange((image.count - 33 * 512)..., with: other[(image.count - 33 * 512)...])
        }
        return image
    }
}
