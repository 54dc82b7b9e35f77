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
        let data = try JSONEncoder().encode(record)
        #expect(try JSONDecoder().decode(EngineRecord.self, from: data) == record)
    }

    @Test("an empty object is a fresh record, and fields of a newer version do not disturb")
    func compatible() throws {
        #expect(try JSONDecoder().decode(EngineRecord.self, from: Data("{}".utf8)) == EngineRecord())
        let newer = Data(#"{"failuresInRow":2,"fromTheFuture":{"a":[1,2]}}"#.utf8)
        #expect(try JSONDecoder().decode(EngineRecord.self, from: newer).failuresInRow == 2)
    }
}
