import Testing
import TimeZoneFormat

/// A file of version 2 with nothing but a rule, as `zic -b slim` writes for places without history.
func zoneFile(_ rule: String, version: UInt8 = 0x32, changes: [(Int64, UInt8)] = [], offsets: [Int32] = [0]) -> [UInt8]
{
    var file = zoneHeader(version, times: 0, types: 1)
    file += [UInt8](repeating: 0, count: 7)
    file += zoneHeader(version, times: changes.count, types: offsets.count)
    for change in changes { file += bigEndian(UInt64(bitPattern: change.0), 8) }
    for change in changes { file.append(change.1) }
    for offset in offsets { file += bigEndian(UInt64(UInt32(bitPattern: offset)), 4) + [0, 0] }
    return file + [0] + Array("\n\(rule)\n".utf8)
}

/// No leap seconds, no marks, and names of one byte.
private func zoneHeader(_ version: UInt8, times: Int, types: Int) -> [UInt8] {
    var header = Array("TZif".utf8) + [version] + [UInt8](repeating: 0, count: 15)
    for count in [0, 0, 0, times, types, 1] { header += bigEndian(UInt64(count), 4) }
    return header
}

private func bigEndian(_ number: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) }
}

@Suite struct ZoneRulesTests {
    /// 2026-03-29T01:00:00Z and 2026-10-25T01:00:00Z are the changes of central Europe.
    @Test(
        "a recurring rule changes at its moments",
        arguments: [
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_745_999, 3600), ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_746_000, 7200),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_889_999, 7200), ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_890_000, 3600),
            ("NZST-12NZDT,M9.5.0,M4.1.0/3", 1_767_225_600, 46_800),
            ("NZST-12NZDT,M9.5.0,M4.1.0/3", 1_782_864_000, 43_200),
            ("<-03>3", 1_774_746_000, -10_800), ("IST-5:30", 0, 19_800), ("EST5EDT,60,300", 1_772_500_000, -14_400),
            ("EST5EDT,J60,J300", 1_767_225_600, -18_000),
        ])
    func recurringRules(rule: String, moment: Int64, offset: Int) throws {
        #expect(try ZoneRules(zoneFile: zoneFile(rule)).offsetSeconds(at: moment) == offset)
    }

    @Test("listed changes hold until the last one, the rule after it")
    func listedChanges() throws {
        let rules = try ZoneRules(
            zoneFile: zoneFile("UTC0", changes: [(100, 1), (200, 0)], offsets: [60, 3600]))
        #expect([0, 99, 100, 199, 200, 1_000_000].map { rules.offsetSeconds(at: $0) } == [60, 60, 3600, 3600, 0, 0])
        let open = try ZoneRules(zoneFile: zoneFile("", changes: [(100, 1)], offsets: [60, 3600]))
        #expect(open.offsetSeconds(at: Int64.max) == 3600)
        #expect(open.offsetSeconds(at: Int64.min) == 60)
    }

    @Test("extreme moments do not trap")
    func extremes() throws {
        let rules = try ZoneRules(zoneFile: zoneFile("CET-1CEST,M3.5.0,M10.5.0/3"))
        for moment in [Int64.min, Int64.min + 1, -1, Int64.max - 3600, Int64.max] {
            #expect([3600, 7200].contains(rules.offsetSeconds(at: moment)))
        }
    }

    @Test("whatever is cut or changed is an error or another rule, never a trap")
    func hostileFiles() {
        let whole = zoneFile("CET-1CEST,M3.5.0,M10.5.0/3", changes: [(100, 0), (200, 0)])
        for length in 0..<whole.count {
            #expect(throws: ZoneFormatError.self) { try ZoneRules(zoneFile: Array(whole.prefix(length))) }
        }
        for index in whole.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var file = whole
                file[index] = value
                guard let rules = try? ZoneRules(zoneFile: file) else { continue }
                _ = rules.offsetSeconds(at: 1_774_746_000)
            }
        }
        #expect(throws: ZoneFormatError.notZoneFile) { try ZoneRules(zoneFile: zoneFile("UTC0", version: 0)) }
        for rule in [
            "X1", "CET", "CET-1CEST", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.0", "<+03", "UTC999999999999999999",
        ] {
            #expect(throws: ZoneFormatError.invalid("the rule")) { try ZoneRules(zoneFile: zoneFile(rule)) }
        }
    }
}
