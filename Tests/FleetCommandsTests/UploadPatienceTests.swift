import FleetCommands
import Synchronization
import Testing

@Suite("Uploads that are tried again")
struct UploadPatienceTests {
    /// Runs five attempts that fail with `error` until the one with the number `succeeding`.
    private func run(_ error: any Error, succeeding: Int) async -> (pauses: [Int], texts: [String], isDone: Bool) {
        let said = Mutex<[(Int, String)]>([])
        let patience = UploadPatience(attempts: 5) { seconds, text in said.withLock { $0.append((seconds, text)) } }
        let result: Void? = try? await patience.run { attempt in if attempt < succeeding { throw error } }
        return said.withLock { ($0.map(\.0), $0.map(\.1), result != nil) }
    }

    @Test(
        "what may pass is tried again, later and later, and says so",
        arguments: [
            ClientError.unreachable(server: "x", reason: "y"), .gateway(server: "x", status: 502), .gateway(server: "x", status: 504),
            .putOff(detail: "It is being uploaded already."),
        ])
    func passing(error: ClientError) async {
        let once = await run(error, succeeding: 3)
        #expect(once.isDone)
        #expect(once.pauses == [1, 2])
        #expect(once.texts.last?.hasSuffix("Attempt 3 of 5 in 2 s.") == true)
        let never = await run(error, succeeding: 99)
        #expect(!never.isDone)
        #expect(never.pauses == [1, 2, 4, 8], "and it ends")
    }

    @Test(
        "what was refused for good is not sent twice",
        arguments: [
            ClientError.refused(status: 409, detail: "There is one."), .refused(status: 422, detail: "No payload."),
            .refused(status: 507, detail: "Full."), .foreign(server: "x", reason: "y"),
        ])
    func final(error: ClientError) async {
        let told = await run(error, succeeding: 2)
        #expect(!told.isDone && told.pauses.isEmpty)
    }
}
