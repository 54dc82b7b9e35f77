import FleetModel
import RolloutPlanning
import Testing
import TimeZoneFormat

@Suite struct OfferCalendarTests {
    /// 2026-06-01 is a Monday.
    private static func calendar(_ texts: String...) -> OfferCalendar {
        OfferCalendar(texts.compactMap { OfferWindow($0) }) { name in
            switch name {
            case "UTC": .universal
            case "Europe/Berlin": try? ZoneRules(zoneFile: berlin)
            default: nil
            }
        }
    }

    /// Nothing but the rule of central Europe, in the form of `zic -b slim`.
    private static let berlin: [UInt8] = {
        func header(_ types: UInt8) -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15 + 16) + [0, 0, 0, types, 0, 0, 0, 1]
        }
        return header(1) + [UInt8](repeating: 0, count: 7) + header(1) + [0, 0, 14, 16, 0, 0, 0]
            + Array("\nCET-1CEST,M3.5.0,M10.5.0/3\n".utf8)
    }()

    private static func time(_ text: String) -> Timestamp { Timestamp(rfc3339: text) ?? .epoch }

    @Test(
        "windows open and close at their local hours, over midnight, on their days",
        arguments: [
            ("mon-fri 09:00-17:00", "2026-06-01T08:59:59Z", false, "2026-06-01T09:00:00Z"),
            ("mon-fri 09:00-17:00", "2026-06-01T09:00:00Z", true, nil),
            ("mon-fri 09:00-17:00", "2026-06-01T17:00:00Z", false, "2026-06-02T09:00:00Z"),
            ("mon-fri 09:00-17:00", "2026-06-05T18:00:00Z", false, "2026-06-08T09:00:00Z"),
            ("fri 22:00-04:00", "2026-06-06T03:59:59Z", true, nil),
            ("fri 22:00-04:00", "2026-06-05T03:00:00Z", false, "2026-06-05T22:00:00Z"),
            ("00:00-24:00", "2026-06-05T23:59:59Z", true, nil),
            ("sun 10:00-11:00", "2026-06-07T11:00:00Z", false, "2026-06-14T10:00:00Z"),
            ("02:00-04:00 Europe/Berlin", "2026-06-01T00:00:00Z", true, nil),
            ("02:00-04:00 Europe/Berlin", "2026-01-15T00:30:00Z", false, "2026-01-15T01:00:00Z"),
            // The night in which 02:30 is skipped, and the one in which it comes twice.
            ("02:30-05:00 Europe/Berlin", "2026-03-29T01:29:00Z", false, "2026-03-29T01:30:00Z"),
            ("02:30-05:00 Europe/Berlin", "2026-10-25T00:30:00Z", true, nil),
        ] as [(String, String, Bool, String?)])
    func windowsKeepTheirHours(window: String, moment: String, isOpen: Bool, next: String?) {
        let calendar = Self.calendar(window)
        #expect(calendar.isOpen(at: Self.time(moment)) == isOpen)
        #expect(calendar.nextOpening(after: Self.time(moment)) == next.map(Self.time))
    }

    @Test("of several windows any is enough, and the next opening is the first of all")
    func severalWindows() {
        let calendar = Self.calendar("mon 09:00-10:00", "daily 22:00-23:00 Europe/Berlin")
        #expect(calendar.isOpen(at: Self.time("2026-06-01T20:30:00Z")))
        #expect(calendar.nextOpening(after: Self.time("2026-06-01T06:00:00Z")) == Self.time("2026-06-01T09:00:00Z"))
        #expect(calendar.nextOpening(after: Self.time("2026-06-01T11:00:00Z")) == Self.time("2026-06-01T20:00:00Z"))
    }

    @Test("no window is always open; a window whose zone is gone never opens")
    func edges() {
        #expect(OfferCalendar.always.isOpen(at: .epoch))
        let lost = Self.calendar("daily 00:00-24:00 Mars/Olympus")
        #expect(!lost.isOpen(at: .epoch))
        #expect(lost.nextOpening(after: .epoch) == nil)
    }

    @Test("a window reads as it writes; anything else is refused")
    func texts() {
        for text in ["mon,tue 22:00-06:00 Europe/Berlin", "daily 09:00-17:30 UTC", "sat,sun 00:00-24:00 UTC"] {
            #expect(OfferWindow(text)?.description == text)
        }
        #expect(OfferWindow("fri-mon 09:00-10:00")?.days == [.friday, .saturday, .sunday, .monday])
        for text in [
            "", "mon", "9:00-17:00", "09:00", "24:00-25:00", "24:00-06:00", "monday 09:00-10:00", "mon- 09:00-10:00",
            "mon 09:00-10:00 UTC UTC", "09:60-10:00", "aa:00-10:00",
        ] {
            #expect(OfferWindow(text) == nil, "\(text)")
        }
    }
}
