internal import FleetStorage
internal import Synchronization
package import TimeZoneFormat

/// The time zones of the server's machine. Each is read once: a new edition of the database takes effect at a restart.
package final class SystemZones: ZoneDirectory {
    private let directory: String
    private let known = Mutex<[String: ZoneRules?]>([:])
    /// More names than the database has; beyond it nothing is remembered.
    private static let countMaximum = 1024

    package init(directory: String = "/usr/share/zoneinfo") { self.directory = directory }

    /// `UTC` is known even where the machine has no database.
    package func rules(of zone: String) -> ZoneRules? {
        if zone == "UTC" { return .universal }
        guard Self.isName(zone) else { return nil }
        return known.withLock { known in
            if let rules = known[zone] { return rules }
            let bytes = HostFile.read("\(directory)/\(zone)", byteCountMax: ZoneRules.byteCountMaximum)
            // A file that is no zone is as good as none: the name is refused.
            let rules = bytes.flatMap { try? ZoneRules(zoneFile: $0) }
            if known.count < Self.countMaximum { known[zone] = rules }
            return rules
        }
    }

    /// Names lead to no other directory.
    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !text.hasPrefix("/") && !text.contains("..")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2F, 0x5F: true
                default: false
                }
            }
    }
}
