import Synchronization

/// Writes to another device no faster than a given rate, and flushes as it goes.
///
/// For the EFI system partition: its file system writes back from the system's cache, in the name of nobody, so that no
/// limit of a cgroup holds it. Flushing every so often keeps the cache from filling up and then emptying in one burst.
public final class PacedBlockDevice: BlockDevice {
    /// Small enough to leave gaps in which others read, large enough for a medium to write it well.
    public static let flushBytesDefault = 1 << 20

    public var sizeBytes: UInt64 { device.sizeBytes }
    public var sectorSizeBytes: Int { device.sectorSizeBytes }
    private let device: any BlockDevice
    private let pace: WritePace

    public init(_ device: any BlockDevice, pace: WritePace) {
        self.device = device
        self.pace = pace
    }

    public func read(at offsetBytes: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
        try device.read(at: offsetBytes, count: count)
    }

    public func write(_ bytes: ArraySlice<UInt8>, at offsetBytes: UInt64) throws(DeviceError) {
        try checkRange(offsetBytes, bytes.count)
        var rest = bytes
        var offset = offsetBytes
        repeat {
            let piece = rest.prefix(pace.flushBytes)
            let isFlushDue = pace.begin(writing: piece.count)
            try device.write(piece, at: offset)
            if isFlushDue { try device.flush() }
            pace.wait()
            rest = rest.dropFirst(piece.count)
            offset += UInt64(piece.count)
        } while !rest.isEmpty
    }

    public func flush() throws(DeviceError) { try device.flush() }
}

/// How fast, and in what pieces, something is written. Shared by all that one writer writes. The limit may change, or
/// come and go, while something is being written.
public final class WritePace: Sendable {
    private struct State {
        /// Bytes that may be written now without waiting; below zero, the debt.
        var creditBytes: Double = 0
        var updatedAt: Duration?
        var unflushedBytes = 0
        /// `nil` when nothing limits it.
        var bytesPerSecond: Double?

        /// Time brings credit; what was not used in the past gives no right to a burst: it never grows above zero.
        mutating func pass(to time: Duration, limit: UInt64?) {
            let elapsed = max(.zero, time - (updatedAt ?? time)) / .seconds(1)
            updatedAt = time
            creditBytes = min(0, creditBytes + elapsed * (bytesPerSecond ?? 0))
            bytesPerSecond = limit.map { Double(max($0, 1)) }
            if limit == nil { creditBytes = 0 }
        }

        /// How long to wait until what was written fits the limit.
        var debt: Duration { bytesPerSecond.map { .seconds(-creditBytes / $0) } ?? .zero }
    }

    /// The most that is written at once, and between two flushes.
    let flushBytes: Int
    private let limit: @Sendable () -> UInt64?
    private let now: @Sendable () -> Duration
    private let pause: @Sendable (Duration) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - flushBytes: the most that stays unflushed.
    ///   - now: time since any fixed moment, from a monotonic clock.
    ///   - pause: returns after the time that it is given.
    ///   - limit: in bytes per second, at least 1; `nil` for none. Asked again and again.
    public init(
        flushBytes: Int = PacedBlockDevice.flushBytesDefault, now: @escaping @Sendable () -> Duration,
        pause: @escaping @Sendable (Duration) -> Void, limit: @escaping @Sendable () -> UInt64?
    ) {
        precondition(flushBytes > 0, "a pace of nothing never ends")
        self.limit = limit
        self.flushBytes = flushBytes
        self.now = now
        self.pause = pause
    }

    /// Whether there is a limit at this moment.
    var isLimited: Bool { limit() != nil }

    /// Accounts for what is about to be written, so that the time that takes counts, and says whether a flush is due
    /// after it.
    func begin(writing count: Int) -> Bool {
        let (time, rate) = (now(), limit())
        return state.withLock { state in
            state.pass(to: time, limit: rate)
            guard rate != nil else { return false }
            state.creditBytes -= Double(count)
            state.unflushedBytes += count
            guard state.unflushedBytes >= flushBytes else { return false }
            state.unflushedBytes = 0
            return true
        }
    }

    /// Waits until what was written fits the rate. Who lifts a limit does not have to wait for what it has cost so far.
    func wait() {
        while true {
            let (time, rate) = (now(), limit())
            let debt = state.withLock { state in
                state.pass(to: time, limit: rate)
                return state.debt
            }
            guard debt > .zero else { return }
            pause(min(debt, Self.pauseMax))
        }
    }

    /// After that long the limit is asked again.
    private static let pauseMax = Duration.seconds(1)
}
