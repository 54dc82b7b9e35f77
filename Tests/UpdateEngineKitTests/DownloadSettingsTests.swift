import HostLinux
import Testing
import UpdateEngineKit
import UpdateLogic

@Suite("The settings of downloads")
struct DownloadSettingsTests {
    private func settings(_ text: String) throws -> EngineSettings {
        try EngineSettings(parsing: text, path: "martletd.toml")
    }

    @Test("limits by the hour are read in their order")
    func limits() throws {
        let text = """
            [download]
            bytes-per-second = 5
            stall-bytes-per-second = 100
            limits = [
                { hours = "08:00-18:00", days = "mon-fri", bytes-per-second = 1000 },
                { days = "sun", bytes-per-second = 0 },
            ]
            """
        let limits = try settings(text).downloadLimits
        #expect(limits.stallBytesPerSecond == 100)
        func rate(_ day: Weekday, _ hour: Int) -> UInt64 {
            limits.transfer.bytesPerSecond(at: LocalTime(weekday: day, sinceMidnight: .seconds(hour * 3600)))
        }
        #expect([rate(.monday, 9), rate(.monday, 19), rate(.sunday, 9), rate(.saturday, 9)] == [1000, 5, 0, 5])
    }

    @Test(
        "a limit that makes no sense is refused by name",
        arguments: [
            "{ hours = \"8-18\", bytes-per-second = 1 }", "{ days = \"weekend\", bytes-per-second = 1 }",
            "{ hours = \"08:00-18:00\" }", "{ bytes-per-second = -1 }", "{ hour = \"08:00-18:00\" }",
            "{ bytes-per-second = \"1\" }",
        ])
    func badLimits(limit: String) throws {
        let error = #expect(throws: SettingsError.self) { try settings("[download]\nlimits = [\(limit)]") }
        #expect(error?.key?.hasPrefix("download.limits") == true)
    }

    @Test("proxies of the file count where the environment says nothing")
    func proxies() throws {
        let settings = try settings("[proxy]\nall = \"proxy:3128\"\nexcept = \"localhost, 10.0.0.0/8\"")
        let proxies = try settings.proxies(environment: ["https_proxy": ""])
        #expect(proxies.proxy(for: try WebAddress("http://example.org/"))?.description == "http://proxy:3128")
        #expect(proxies.proxy(for: try WebAddress("http://10.1.2.3/")) == nil)
        #expect(proxies.proxy(for: try WebAddress("https://example.org/")) == nil)
    }

    @Test("the clock on the wall follows the machine’s zone")
    func localClock() {
        let utc = LocalClock(at: 1_000_000_000, nanoseconds: 5)  // A Sunday, 01:46:40 in UTC.
        let minutes = utc.sinceMidnight.components.seconds / 60
        #expect((0..<1440).contains(minutes) && (0...6).contains(utc.weekday))
        #expect(utc.sinceMidnight.components.attoseconds == 5_000_000_000)
        #expect(utc.sinceMidnight.components.seconds % 60 == 40)
    }
}
