/// Which mirrors failed last, remembered over downloads and restarts: they are tried last the next time.
public struct MirrorFailures: Hashable, Sendable, Codable {
    private struct Failure: Hashable, Sendable, Codable {
        var mirror: String
        /// Seconds since 1970.
        var at: Int64
    }

    /// The longest ago first.
    private var failures: [Failure] = []
    private static let countMax = 32
    /// A day: what was down yesterday may be the best today.
    public static let secondsMax: Int64 = 86_400

    public init() {}

    /// - Parameter now: seconds since 1970.
    public mutating func failed(_ mirror: String, now: Int64) {
        failures.removeAll { $0.mirror == mirror }
        failures.append(Failure(mirror: mirror, at: now))
        failures.removeFirst(max(0, failures.count - Self.countMax))
    }

    public mutating func succeeded(_ mirror: String) { failures.removeAll { $0.mirror == mirror } }

    /// Where the mirror stands: 0 for those that have not failed, and the more recent the failure the higher.
    /// A time in the future is a clock that was wrong, and counts as over.
    func rank(of mirror: String, now: Int64) -> Int {
        guard let place = failures.firstIndex(where: { $0.mirror == mirror }) else { return 0 }
        let (age, overflow) = now.subtractingReportingOverflow(failures[place].at)
        return !overflow && (0..<Self.secondsMax).contains(age) ? place + 1 : 0
    }
}
