import FleetModel
import Testing

@Suite("Spans of time as text") struct SpanTextTests {
    @Test(
        "are written in the largest unit that leaves no rest, and read back",
        arguments: [
            (0, "0s"), (1, "1s"), (90, "90s"), (60, "1m"), (5400, "90m"), (3600, "1h"), (86_400, "1d"),
            (90_000, "25h"), (604_800, "7d"), (86_401, "86401s"),
        ] as [(Int64, String)])
    func roundTrips(seconds: Int64, text: String) {
        #expect(SpanText.text(seconds) == text)
        #expect(SpanText.seconds(text) == seconds)
    }

    @Test("without a unit are seconds")
    func bare() {
        #expect(SpanText.seconds("7200") == 7200)
    }

    @Test(
        "that make no sense are none",
        arguments: ["", "s", "h", "-1s", "1.5h", "1h30m", "2w", " 1h", "9999999999s", "9223372036854775808d"])
    func nonsense(text: String) {
        #expect(SpanText.seconds(text) == nil)
    }
}
