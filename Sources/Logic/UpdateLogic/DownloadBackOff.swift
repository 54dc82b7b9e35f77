public import UpdateModel

/// How often one payload could not be brought here, and until when the machine leaves it alone.
///
/// The deadline is a time of the wall clock because it must outlive a reboot. A wall clock can be wrong by years, so
/// a deadline that lies further away than any wait can last counts as over.
public struct DownloadBackOff: Hashable, Sendable, Codable {
    public var payloadDigest: SHA256Digest
    public var failures: Int
    /// Seconds since 1970; 0 for no wait.
    public var notBefore: Int64

    public init(payloadDigest: SHA256Digest, failures: Int, notBefore: Int64) {
        self.payloadDigest = payloadDigest
        self.failures = failures
        self.notBefore = notBefore
    }

    /// What is left of the wait for `digest`.
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - longest: the most that any wait lasts.
    public func remaining(for digest: SHA256Digest, now: Int64, longest: Duration) -> Duration {
        guard digest == payloadDigest, notBefore > now else { return .zero }
        let (seconds, overflow) = notBefore.subtractingReportingOverflow(now)
        let left = overflow ? .seconds(Int64.max) : Duration.seconds(seconds)
        return left > longest ? .zero : left
    }
}

extension UpdateMachine {
    /// Counts a failure of `digest`. The first costs nothing but the time until the next check.
    mutating func backOff(from digest: SHA256Digest, schedule: CheckSchedule, now: Int64) {
        let before = record.backOff.flatMap { $0.payloadDigest == digest ? $0.failures : nil } ?? 0
        let failures = min(before, Int.max - 1) + 1
        let wait = schedule.downloadDelay(failures: failures).components.seconds
        let (notBefore, overflow) = now.addingReportingOverflow(wait)
        record.backOff = DownloadBackOff(
            payloadDigest: digest, failures: failures, notBefore: wait == 0 || overflow ? 0 : notBefore)
    }
}
