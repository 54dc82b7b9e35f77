/// What the control groups of this process (version 2) allow it.
///
/// Sources: Linux `Documentation/admin-guide/cgroup-v2.rst`, `io.max`; `cgroups(7)`, `/proc/self/cgroup`.
package struct ControlGroup: Sendable {
    private static let fileBytesMax = 64 * 1024
    private let root: String

    /// - Parameter root: where `/proc` and `/sys` are; empty for `/`.
    package init(root: String = "") { self.root = root }

    /// The tightest limit on writes to the disk that a directory lies on, in bytes per second; `nil` where there is none,
    /// or nothing can be read.
    package func writeBytesPerSecond(below directory: String) -> UInt64? {
        MountedDevice.number(of: directory).flatMap { writeBytesPerSecond(to: disk(of: $0)) }
    }

    /// - Parameter disk: its number, such as `254:0`. Limits are never set on a partition.
    package func writeBytesPerSecond(to disk: String) -> UInt64? {
        var limits: [UInt64] = []
        var path = self.path
        while let group = path {
            limits += Self.limits(text("/sys/fs/cgroup\(group)/io.max") ?? "", on: disk)
            path = group.isEmpty ? nil : String(group[..<(group.lastIndex(of: "/") ?? group.startIndex)])
        }
        return limits.filter { $0 > 0 }.min()
    }

    /// The disk of a partition; a disk stays what it is.
    private func disk(of device: String) -> String {
        guard text("/sys/dev/block/\(device)/partition") != nil else { return device }
        return text("/sys/dev/block/\(device)/../dev").map { String($0.prefix { !$0.isWhitespace }) } ?? device
    }

    /// This process's own group below the root of all groups, such as `/system.slice/martletd.service`.
    private var path: String? {
        let lines = (text("/proc/self/cgroup") ?? "").split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("0::/") }) else { return nil }
        let path = line.dropFirst("0::".count)
        return path == "/" ? "" : String(path)
    }

    /// Lines such as `254:0 rbps=max wbps=1048576 riops=max wiops=max`.
    private static func limits(_ text: String, on disk: String) -> [UInt64] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.first.map({ $0 == disk }) == true else { return nil }
            return words.first { $0.hasPrefix("wbps=") }.flatMap { UInt64($0.dropFirst("wbps=".count)) }
        }
    }

    private func text(_ path: String) -> String? {
        (try? AtomicFile.read("\(root)\(path)", limit: Self.fileBytesMax)).flatMap { $0 }.map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}
