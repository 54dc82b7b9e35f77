import Glibc
package import SlotDevice

extension WritePace {
    /// A pace by the host's clock. Writers wait on their own thread.
    package convenience init(bytesPerSecond: UInt64, flushBytes: Int = PacedBlockDevice.flushBytesDefault) {
        let start = ContinuousClock.now
        self.init(
            bytesPerSecond: bytesPerSecond, flushBytes: flushBytes, now: { ContinuousClock.now - start },
            pause: Self.sleep)
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
        self.init(device, pace: WritePace(bytesPerSecond: bytesPerSecond))
    }
}

extension PacedFileArea {
    /// Paced by the host's clock.
    package init(_ files: any FileArea, bytesPerSecond: UInt64) {
        self.init(files, pace: WritePace(bytesPerSecond: bytesPerSecond))
    }
}
