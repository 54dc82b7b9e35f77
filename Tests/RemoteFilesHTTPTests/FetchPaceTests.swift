import NIOCore
import RemoteFilesHTTP
import Testing

@Suite("How fast a file must come")
struct FetchPaceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func pace() -> FetchPace { FetchPace(FetchLimits(), start: start, answer: start) }

    @Test("a server that was fast at first has no credit to be slow on")
    func noCredit() throws {
        var pace = pace()
        try pace.take(500_000_000, at: start + .seconds(10))
        var seconds: Int64 = 10
        #expect(throws: TooSlow.self) {
            while seconds < 3600 {
                seconds += 50
                try pace.take(1, at: start + .seconds(seconds))
            }
        }
        #expect(seconds <= 11 * 60, "a stretch that began fast, and one that was slow")
    }

    @Test("who gives just enough may go on until the longest time of all, and hears that")
    func longest() throws {
        var pace = pace()
        var seconds: Int64 = 0
        #expect(throws: TooLong.self) {
            while true {
                seconds += 10
                try pace.take(640_000, at: start + .seconds(seconds))
            }
        }
        #expect(seconds == 6 * 3600 + 10)
    }

    @Test("a slow start is made good within the first stretch, and not after it")
    func slowStart() throws {
        var pace = pace()
        try pace.take(1, at: start + .seconds(200))
        try pace.take(64_000 * 301, at: start + .seconds(301))
        var slow = self.pace()
        try slow.take(1, at: start + .seconds(200))
        #expect(throws: TooSlow.self) { try slow.take(64_000 * 300, at: start + .seconds(301)) }
    }
}
