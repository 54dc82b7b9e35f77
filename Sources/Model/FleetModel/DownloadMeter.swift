/// What a group's grants have booked of its download budget, and when.
///
/// A grant books the bytes of its payload, and the next one waits until the budget has paid for them: so in any span of
/// time that ends with a grant no more bytes were booked before it than the budget allows for that span. It has the
/// same size whatever the group's.
public struct DownloadMeter: Hashable, Sendable {
    /// Bytes that were not paid for at ``at``, the last grant with it.
    public let owedBytes: UInt64
    public let at: Timestamp

    public init(owedBytes: UInt64, at: Timestamp) {
        self.owedBytes = owedBytes
        self.at = at
    }

    /// When all of it is paid for.
    /// - Parameter bytesPerSecond: the budget as it is now, 1 or more.
    public func freeAt(_ bytesPerSecond: UInt64) -> Timestamp {
        let (seconds, rest) = owedBytes.quotientAndRemainder(dividingBy: bytesPerSecond)
        let late = at.adding(seconds: Int64(clamping: seconds))
        // A part of a second, rounded up. The rest is less than the budget, so the quotient is less than a million.
        let exact = bytesPerSecond.dividingFullWidth(rest.multipliedFullWidth(by: 1_000_000))
        let part = exact.quotient + (exact.remainder == 0 ? 0 : 1)
        let (sum, isTooLate) = late.microseconds.addingReportingOverflow(Int64(clamping: part))
        return Timestamp(microseconds: isTooLate ? .max : sum)
    }

    /// When the next grant may be made: `nil` for now.
    public func nextFree(_ bytesPerSecond: UInt64, at now: Timestamp) -> Timestamp? {
        let free = freeAt(bytesPerSecond)
        return free > now ? free : nil
    }

    /// With another grant. Grants wait until everything is paid for; what is not, because the budget was lowered, is
    /// kept.
    public func booking(_ bytes: UInt64, _ bytesPerSecond: UInt64, at now: Timestamp) -> DownloadMeter {
        guard nextFree(bytesPerSecond, at: now) != nil else { return DownloadMeter(owedBytes: bytes, at: now) }
        let (sum, overflows) = owedBytes.addingReportingOverflow(bytes)
        return DownloadMeter(owedBytes: overflows ? .max : sum, at: at)
    }

    /// As if the clock had always shown so much more.
    public func shifted(seconds: Int64) -> DownloadMeter {
        DownloadMeter(owedBytes: owedBytes, at: at.adding(seconds: seconds))
    }
}
