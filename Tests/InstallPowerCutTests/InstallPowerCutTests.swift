import EngineTestKit
import FleetTestKit
import SlotDevice
import Testing
import UpdateLogic
import UpdateModel

/// Invariants 1 to 5: power lost at any instruction leaves a machine that boots a complete system, and an update that
/// can go on.
@Suite struct InstallPowerCutTests {
    /// What the machine goes through.
    enum Story: String, CaseIterable, CustomTestStringConvertible {
        /// 1.0.0 → 2.0.0, proven good.
        case update
        /// 1.0.0 → 2.0.0 → 1.0.0, because a person asks.
        case rollback
        /// 1.0.0 → 2.0.0, which is not well → 1.0.0.
        case failedUpdate

        var testDescription: String { rawValue }
    }

    private static let seeds: ClosedRange<UInt64> = 1...4

    @Test(
        "Cut at every write of a whole story, the machine boots a complete system, and the story comes to its end",
        arguments: Story.allCases)
    func everyCutPoint(story: Story) throws {
        let first = try TestRelease("1.0.0")
        let second = try TestRelease("2.0.0", isHealthy: story != .failedUpdate)
        let proof = PowerCutProof(first: first, second: second, disk: try InstallRig.disk(with: first), story: story)
        let pointCount = try proof.uncut()
        var tally = PowerCutProof.Tally()
        for survival in CacheSurvival.allCases {
            for seed in survival == .scattered ? Self.seeds : 1...1 {
                for point in 1...pointCount {
                    try proof.cut(at: point, survival, seed: seed, &tally)
                }
            }
        }
        print(
            "power cut at each of \(pointCount) operations of the story “\(story.rawValue)”, \(tally.cuts) times in all; "
                + "\(tally.held) times the trial could not be told from a hang and the release was held")
        #expect(pointCount > 60)
        #expect(tally.cuts == pointCount * (2 + Self.seeds.count))
    }

    @Test(
        "An input/output error at any operation is got over without a reboot too many or a report too few",
        arguments: Story.allCases)
    func everyFailedOperation(story: Story) throws {
        let first = try TestRelease("1.0.0")
        let second = try TestRelease("2.0.0", isHealthy: story != .failedUpdate)
        let proof = PowerCutProof(first: first, second: second, disk: try InstallRig.disk(with: first), story: story)
        for point in 1...(try proof.uncut()) { try proof.fail(at: point) }
    }
}
