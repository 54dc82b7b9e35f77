import FoundationEssentials
import Testing
import UpdateLogic
import UpdateModel

@Suite("The engine's record")
struct EngineRecordTests {
    @Test("what is written is read back")
    func roundTrip() throws {
        var record = EngineFixture.staged().record
        record.completedFrom = "1.0.0"
        record.failuresInRow = 3
        record.hasCheckedIn = true
        record.backOff = DownloadBackOff(payloadDigest: EngineFixture.digest(1), failures: 2, notBefore: 77)
        let data = try JSONEncoder().encode(record)
        #expect(try JSONDecoder().decode(EngineRecord.self, from: data) == record)
    }

    @Test("an empty object is a fresh record, and fields of a newer version do not disturb")
    func compatible() throws {
        #expect(try JSONDecoder().decode(EngineRecord.self, from: Data("{}".utf8)) == EngineRecord())
        let newer = Data(#"{"failuresInRow":2,"fromTheFuture":{"a":[1,2]}}"#.utf8)
        #expect(try JSONDecoder().decode(EngineRecord.self, from: newer).failuresInRow == 2)
    }

    @Test("words of a newer version take their most careful meaning")
    func newWords() throws {
        let newer = Data(
            #"{"slots":{"a":{"life":"quarantined"},"c":{"life":"good"}},"held":[{"version":"2.0.0","cause":"vetoed","reason":""}]}"#
                .utf8)
        let record = try JSONDecoder().decode(EngineRecord.self, from: newer)
        #expect(record.slots[.a]?.life == .bad)
        #expect(record.slots.count == 1)
        #expect(record.held.map(\.cause) == [.failedHere])
    }
}

@Suite("The wait after failed downloads")
struct DownloadBackOffTests {
    private let backOff = DownloadBackOff(payloadDigest: EngineFixture.digest(1), failures: 3, notBefore: 10_000)

    @Test("a deadline ahead is waited for, one that is past is over, and another payload does not wait")
    func remaining() {
        #expect(
            backOff.remaining(for: EngineFixture.digest(1), now: 9_000, longest: .seconds(14_400)) == .seconds(1000))
        #expect(backOff.remaining(for: EngineFixture.digest(1), now: 10_000, longest: .seconds(14_400)) == .zero)
        #expect(backOff.remaining(for: EngineFixture.digest(2), now: 9_000, longest: .seconds(14_400)) == .zero)
    }

    @Test(
        "a deadline further away than any wait can last is over: the wall clock was wrong",
        arguments: [-5_000, Int64.min])
    func clockJumped(now: Int64) {
        #expect(backOff.remaining(for: EngineFixture.digest(1), now: now, longest: .seconds(14_400)) == .zero)
    }
}
