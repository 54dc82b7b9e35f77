package import FleetModel
internal import Glibc

/// Tells the time of day. Tests give one that they move by hand.
package protocol TimeSource: Sendable {
    func now() -> Timestamp
    /// The time of day beside a count that never jumps.
    var mark: ClockMark { get }
}

extension TimeSource {
    /// Of a source that has no other count: its clock is always believed.
    package var mark: ClockMark {
        let now = now()
        return ClockMark(moment: now, uptimeMicroseconds: now.microseconds, boot: "")
    }
}

/// The server's own clock.
package struct SystemTime: TimeSource {
    private let boot: String

    package init() { boot = Self.bootID() }

    package func now() -> Timestamp { Timestamp(microseconds: Self.read(CLOCK_REALTIME)) }

    /// The second count goes on while the machine sleeps.
    package var mark: ClockMark {
        ClockMark(moment: now(), uptimeMicroseconds: Self.read(CLOCK_BOOTTIME), boot: boot)
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var value = timespec()
        // Cannot fail: the clocks exist on every Linux and the pointer is a local variable's.
        _ = unsafe clock_gettime(clock, &value)
        return Int64(value.tv_sec) * 1_000_000 + Int64(value.tv_nsec) / 1000
    }

    /// Source: Linux, `random(4)`. Empty where it cannot be read; every start then looks like one after a boot.
    private static func bootID() -> String {
        let bytes = HostFile.read("/proc/sys/kernel/random/boot_id", byteCountMax: 64) ?? []
        return String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
    }
}
