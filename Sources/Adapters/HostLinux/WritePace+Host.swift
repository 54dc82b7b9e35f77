import Glibc
package import SlotDevice

extension WritePace {
    /// A pace by the host's clock. Writers wait on their own thread.
    /// - Parameter limit: in bytes per second; `nil` for none.
    package convenience init(limit: @escaping @Sendable () -> UInt64?) {
        let start = ContinuousClock.now
        self.init(now: { ContinuousClock.now - start }, pause: Self.sleep, limit: limit)
    }

    private static func sleep(_ time: Duration) {
        let (seconds, attoseconds) = time.components
        var wanted = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var rest = timespec()
        while unsafe nanosleep(&wanted, &rest) != 0, errno == EINTR { wanted = rest }
    }
}

extension PacedBlockDevice {
    /// Paced by the host's clock.
    package convenience init(_ device: any BlockDevice, bytesPerSecond: UInt64) {
        self.init(device, pace: WritePace { bytesPerSecond })
    }
}
