import FuzzDriver
import Glibc
import TimeZoneFormat

// Takes any bytes as a file of a time zone. Reading it may not crash, and what is read has an offset of at most a few
// days at any moment. A rule is reached at once through a file that has nothing else.
exit(
    fuzz { bytes in
        for file in [bytes, slim(bytes)] {
            guard let rules = try? ZoneRules(zoneFile: file) else { continue }
            for moment in [Int64.min, -1, 0, 951_782_400, 1_792_890_000, 4_102_444_800, Int64.max] {
                precondition(abs(rules.offsetSeconds(at: moment)) < 8 * 86_400, "An offset of more than a week.")
            }
        }
    })

/// A file of version 2 with nothing but this rule.
private func slim(_ rule: [UInt8]) -> [UInt8] {
    let header = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15 + 16) + [0, 0, 0, 1, 0, 0, 0, 1]
    return header + [UInt8](repeating: 0, count: 7) + header + [UInt8](repeating: 0, count: 7) + [0x0A]
        + rule.filter { $0 != 0x0A } + [0x0A]
}
