import BootControl
import BootControlSystemd
import BootEntries
import FleetTestKit
import SlotDevice
import Testing
import UpdateModel

/// Invariant 3 on the EFI system partition: power lost at any operation leaves a machine that boots a whole image.
@Suite struct EntryPowerCutTests {
    /// One change, what is there before it, and which slots may boot after a cut.
    struct Step: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let names: [String]
        let run: @Sendable (any FileArea) throws -> Void
        /// What the cut may leave to boot: what each image says.
        let mayBoot: Set<String>
    }

    static let steps: [Step] = [
        Step(testDescription: "invalidate", names: ["martlet-4-a.efi", "martlet-3-b.efi"], run: {
            try SystemdBootControl(files: $0, booted: .a).invalidate(.b)
        }, mayBoot: ["a"]),
        Step(testDescription: "install and activate", names: ["martlet-4-a.efi"], run: { files in
            try TestImage.write("new", as: "martlet-b.new", to: files)
            try SystemdBootControl(files: files, booted: .a).activate(.b, tries: 3)
        }, mayBoot: ["a", "new"]),
        Step(testDescription: "activate what is there", names: ["martlet-4-a.efi", "martlet-3-b.efi"], run: {
            try SystemdBootControl(files: $0, booted: .a).activate(.b, tries: 3)
        }, mayBoot: ["a", "b"]),
        Step(testDescription: "confirm", names: ["martlet-4-a.efi", "martlet-5-b+2-1.efi"], run: {
            try SystemdBootControl(files: $0, booted: .b).confirm(.b)
        }, mayBoot: ["b"]),
        Step(testDescription: "confirm the last try", names: ["martlet-4-a.efi", "martlet-5-b+0-3.efi"], run: {
            try SystemdBootControl(files: $0, booted: .b).confirm(.b)
        }, mayBoot: ["a", "b"]),
        Step(testDescription: "roll back", names: ["martlet-4-a.efi", "martlet-5-b.efi"], run: {
            try SystemdBootControl(files: $0, booted: .b).confirm(.a)
        }, mayBoot: ["a", "b"]),
        Step(testDescription: "reject", names: ["martlet-4-a.efi", "martlet-5-b+2-1.efi"], run: {
            try SystemdBootControl(files: $0, booted: .b).reject(.b)
        }, mayBoot: ["a", "b"]),
        Step(testDescription: "spend tries", names: ["martlet-4-a.efi", "martlet-5-b+3-0.efi"], run: {
            try SystemdBootControl(files: $0, booted: .a).spendTries(of: .b)
        }, mayBoot: ["a", "b"]),
        Step(
            testDescription: "reject a slot with two entries",
            names: ["martlet-4-a.efi", "martlet-5-b+2-1.efi", "martlet-5-b+3-0.efi"],
            run: { try SystemdBootControl(files: $0, booted: .b).reject(.b) }, mayBoot: ["a", "b"]),
        Step(testDescription: "numbers run out", names: ["martlet-999998-a.efi", "martlet-999999-b.efi"], run: {
            try SystemdBootControl(files: $0, booted: .b).confirm(.a)
        }, mayBoot: ["a", "b"]),
    ]

    @Test("Cut at every operation, a whole image boots, and the change can be made again", arguments: steps)
    func everyCut(step: Step) throws {
        let verdict = try judge(step)
        print("power cut \(verdict.cuts) times: \(step.testDescription)")
        #expect(verdict.cuts >= 3)
        #expect(verdict.flaws == [])
    }

    @Test("The boot loader's own counting may be cut too")
    func cutInTheLoader() throws {
        for survival in CacheSurvival.allCases {
            let power = PowerSupply()
            let files = try memoryFolder(["martlet-4-a.efi", "martlet-5-b+3-0.efi"], power: power)
            power.cut(atOperation: 1, survival: survival)
            #expect(throws: DeviceError.powerLost) { try SystemdBootModel(files).boot() }
            power.restore()
            #expect(try SystemdBootModel(files).boot() == .booted("martlet-5-b+2-1.efi"))
        }
    }

    @Test("Orders that are wrong are found out")
    func plantedFaults() throws {
        let planted = [
            Step(testDescription: "the old entry goes before the new one comes", names: ["martlet-4-a.efi"], run: {
                try TestImage.write("new", as: "martlet-b.new", to: $0)
                try $0.remove("martlet-4-a.efi")
                try $0.rename("martlet-b.new", to: "martlet-5-b+3-0.efi")
            }, mayBoot: ["a", "new"]),
            Step(testDescription: "the name comes before the content is flushed", names: ["martlet-4-a.efi"], run: {
                let file = try $0.create("martlet-b.new", sizeBytes: UInt64(TestImage.sizeBytes))
                try file.write(TestImage.bytes("new"), at: 0)
                try $0.rename("martlet-b.new", to: "martlet-5-b+3-0.efi")
                try file.flush()
            }, mayBoot: ["a", "new"]),
            Step(testDescription: "an entry is written to", names: ["martlet-4-a.efi", "martlet-5-b.efi"], run: {
                try $0.create("martlet-5-b.efi", sizeBytes: UInt64(TestImage.sizeBytes)).write([0, 0], at: 0)
                try SystemdBootControl(files: $0, booted: .a).invalidate(.b)
            }, mayBoot: ["a", "b"]),
        ]
        for step in planted { #expect(try !judge(step).flaws.isEmpty, "\(step.testDescription) was not found out") }
    }

    struct Verdict {
        var cuts = 0
        var flaws: [String] = []
    }

    private func judge(_ step: Step) throws -> Verdict {
        var verdict = Verdict()
        for survival in CacheSurvival.allCases {
            for seed in survival == .scattered ? UInt64(1)...8 : 1...1 {
                for cut in 1... {
                    let power = PowerSupply(seed: seed)
                    let files = try memoryFolder(step.names, power: power)
                    power.cut(atOperation: cut, survival: survival)
                    if (try? step.run(files)) != nil { break }
                    power.restore()
                    verdict.cuts += 1
                    let place = "\(step.testDescription), cut at \(cut), cache \(survival), seed \(seed)"
                    verdict.flaws += try flaws(of: files, after: step).map { "\(place): \($0)" }
                }
            }
        }
        return verdict
    }

    private func flaws(of files: FaultyFileArea, after step: Step) throws -> [String] {
        var flaws: [String] = []
        let choice = try SystemdBootModel.choice(among: files.names())
        if !(choice.map(SystemdBootModel.isGoodOrTried) ?? false) { flaws.append("has nothing bootable") }
        switch try SystemdBootModel(files).boot() {
        case .booted(let name):
            let text = try files.open(name).flatMap(TestImage.text)
            if !step.mayBoot.contains(text ?? "") { flaws.append("boots \(text ?? "nothing whole")") }
        case .stuck(let name): flaws.append("is stuck at \(name)")
        case .nothing: flaws.append("has nothing to boot")
        }
        return flaws
    }
}
