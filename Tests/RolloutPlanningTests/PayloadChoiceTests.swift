import FleetModel
import RolloutPlanning
import Testing
import UpdateModel

@Suite("Which payload a machine gets")
struct PayloadChoiceTests {
    private let full = payload("2.0.0")
    private let delta = payload("2.0.0", from: "1.0.0")
    private let other = payload("2.0.0", from: "1.5.0")

    private func best(
        _ payloads: [Payload], _ policy: DeltaPolicy = .prefer, for one: Machine = machine(), readsFormatTwo: Bool = true
    ) -> Payload? {
        PayloadChoice.best(of: payloads, for: one, policy, readsFormatTwo: readsFormatTwo)
    }

    @Test("the delta from the exact release that it runs, else the full one where the policy takes it")
    func policies() {
        #expect(best([full, other, delta]) == delta)
        #expect(best([full, other]) == full)
        #expect(best([full, delta], .never) == full)
        #expect(best([full, other], .require) == nil)
        #expect(best([full, other, delta], .require) == delta)
        #expect(best([], .require) == nil)
    }

    @Test("no delta in a format that its updater cannot read")
    func formats() {
        let new = payload("2.0.0", from: "1.0.0", format: 2)
        #expect(best([full, new], readsFormatTwo: false) == full)
        #expect(best([full, new]) == new)
        #expect(best([payload("2.0.0", format: 2), delta], readsFormatTwo: false) == delta)
    }

    @Test("what lies elsewhere and is not there gives way to what is, and is held for where there is nothing else")
    func elsewhere() throws {
        let gone = try delta.lying(at: "https://mirror/a", .unavailable)
        #expect(best([full, gone]) == full)
        #expect(best([full, gone], .require) == gone)
        #expect(best([try full.lying(at: "https://mirror/a", nil), gone])?.isDelta == false)
        let there = try delta.lying(at: "https://mirror/a", nil)
        #expect(best([full, there]) == there)
        for kind in MirrorTrouble.Kind.allCases {
            var target = target()
            target.payload = try full.lying(at: "https://mirror/a", kind)
            #expect(RolloutPlanner.decide(for: machine(), target: target) == .hold(.payloadUnavailable, until: nil))
            // Who holds a place is not sent there, either.
            #expect(RolloutPlanner.decide(for: granted().machine, target: target) == .hold(.payloadUnavailable, until: nil))
        }
        var target = target()
        target.payload = there
        #expect(RolloutPlanner.decide(for: machine(), target: target) == .offer(there))
    }

    @Test("no delta once one has not found there what it starts from")
    func missedSource() {
        var one = machine()
        one.failures = [
            ReleaseFailure(version: version("2.0.0"), code: 20, reason: "other blocks", at: start, isFinal: false)
        ]
        #expect(best([full, delta], for: one) == full)
        #expect(best([full, delta], .require, for: one) == nil)
        one.failures = [ReleaseFailure(version: version("2.0.0"), code: 9, reason: "cut", at: start, isFinal: false)]
        #expect(best([full, delta], for: one) == delta)
        one.failures = [ReleaseFailure(version: version("1.9.0"), code: 20, reason: "", at: start, isFinal: false)]
        #expect(best([full, delta], for: one) == delta)
    }
}

extension Payload {
    /// The same where nobody but one other server has it.
    func lying(at text: String, _ trouble: MirrorTrouble.Kind?) throws -> Payload {
        var payload = self
        let trouble = trouble.map { MirrorTrouble(kind: $0, since: start, text: "") }
        payload.mirrors = [PayloadMirror(url: try PayloadURL(text), marks: [], trouble: trouble)]
        return payload
    }
}
