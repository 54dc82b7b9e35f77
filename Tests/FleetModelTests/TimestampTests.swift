import FleetModel
import FoundationEssentials
import Testing

@Suite struct TimestampTests {
    @Test(
        "RFC 3339 text is read and written",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:34:56Z", 951_827_696_000_000),
            ("2026-11-21T03:15:09Z", 1_795_230_909_000_000), ("1969-12-31T23:59:59.999999Z", -1),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999_000),
            ("2024-02-29T00:00:00.500Z", 1_709_164_800_500_000),
        ] as [(String, Int64)])
    func roundTrips(text: String, microseconds: Int64) {
        #expect(Timestamp(rfc3339: text) == Timestamp(microseconds: microseconds))
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
    }

    @Test("an offset is taken off")
    func offsetsAreApplied() {
        #expect(Timestamp(rfc3339: "2026-01-01T01:30:00+01:30") == Timestamp(rfc3339: "2026-01-01T00:00:00Z"))
        #expect(Timestamp(rfc3339: "2025-12-31t20:00:00-04:00") == Timestamp(rfc3339: "2026-01-01T00:00:00Z"))
    }

    @Test(
        "other text is no time",
        arguments: [
            "", "2026", "2026-01-01", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
            "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01T00:00:00Zx", "+026-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "2026-01-01T00:00:00+24:00",
        ])
    func otherTextIsRefused(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("every day from 1890 to 2110 comes back as itself, and the days follow each other")
    func everyDayRoundTrips() {
        var day = Timestamp(rfc3339: "1890-01-01T00:00:00Z")
        let end = Timestamp(rfc3339: "2110-12-31T00:00:00Z")
        var previous = ""
        while let moment = day, let end, moment <= end {
            let text = moment.rfc3339
            guard Timestamp(rfc3339: text) == moment, previous < text else {
                Issue.record("\(previous), \(text)")
                return
            }
            previous = text
            day = moment.adding(seconds: 86_400)
        }
        #expect(previous == "2110-12-31T00:00:00Z")
    }

    @Test("arithmetic stops at the ends instead of trapping")
    func arithmeticSaturates() {
        let last = Timestamp(microseconds: .max)
        #expect(last.adding(seconds: 1) == last)
        #expect(Timestamp(microseconds: .min).adding(seconds: .min).microseconds == .min)
        #expect(Timestamp.epoch.adding(seconds: .max) == last)
        #expect(last.seconds(since: Timestamp(microseconds: .min)) == .max)
        #expect(last.rfc3339 == "9999-12-31T23:59:59.999999Z")
    }

    @Test("JSON holds the text")
    func codesAsText() throws {
        let moment = Timestamp(microseconds: 1_000_001)
        let data = try JSONEncoder().encode([moment])
        #expect(String(decoding: data, as: UTF8.self) == #"["1970-01-01T00:00:01.000001Z"]"#)
        #expect(try JSONDecoder().decode([Timestamp].self, from: data) == [moment])
    }
}

@Suite struct FleetModelTests {
    @Test("hold reasons have stable names and words")
    func holdReasonsAreNamed() {
        #expect(
            HoldReason.allCases.map(\.name) == [
                "unknown-application", "unknown-machine-id", "unknown-version", "secret-required", "fleet-full",
                "too-many-new-machines", "unknown-track", "rollback-pending", "no-release", "ahead-of-channel",
                "not-ordered", "below-minimum", "release-blocked", "no-payload-for-architecture", "no-delta", "payload-format",
                "payload-unavailable", "failed-here-before",
                "rolled-back", "held-by-operator", "pinned", "updates-disabled", "clock-jumped", "rollout-aborted", "rollout-stopped",
                "rollout-paused", "waits-for-group", "outside-window", "waits-for-canary", "canary-soak", "ramp",
                "limit-rate", "limit-downloads", "limit-in-progress",
            ])
        for reason in HoldReason.allCases { #expect(reason.text.hasSuffix(".")) }
    }

    @Test("each role may do what the ones before it may")
    func rolesAreOrdered() {
        #expect(Role.viewer < .publisher)
        #expect(Role.publisher < .admin)
    }

    @Test("a page request out of range is moved into range")
    func pageRequestsAreBounded() {
        #expect(PageRequest(limit: 0, offset: -5) == PageRequest(limit: 1, offset: 0))
        #expect(PageRequest(limit: .max).limit == PageRequest.limitMaximum)
    }
}
