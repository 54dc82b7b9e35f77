package import FleetModel
internal import Glibc

/// Tells the time of day. Tests give one that they move by hand.
package protocol TimeSource: Sendable {
    func now() -> Timestamp
}

/// The server's own clock.
package struct SystemTime: TimeSource {
    package init() {}

    package func now() -> Timestamp {
        var value = timespec()
        // Cannot fail: the clock exists on every Linux and the pointer is a local variable's.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &value)
        return Timestamp(microseconds: Int64(value.tv_sec) * 1_000_000 + Int64(value.tv_nsec) / 1000)
    }
}
