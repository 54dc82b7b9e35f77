/// Chooses, during one download, which mirror to ask next and when: the one that failed longest ago, in the offered
/// order where none did, and each the more patiently the more often it brought nothing.
///
/// Knows no clock and no chance, only what it is told.
public struct MirrorChoice: Sendable {
    public enum Fault: Hashable, Sendable {
        /// Another try may bring more; the server may have said after how long.
        case passing(retryAfter: Duration?)
        /// The same again for as long as this download lasts.
        case lasting
    }

    public struct Next: Hashable, Sendable {
        /// The mirror's place in the offered order.
        public var mirror: Int
        public var wait: Duration

        public init(mirror: Int, wait: Duration) {
            self.mirror = mirror
            self.wait = wait
        }
    }

    private struct Mirror {
        var name: String
        var isUseless = false
        /// In a row.
        var fruitlessTries = 0
        var notBefore: Duration = .zero
        /// Which of this download's set-backs was its last; tells mirrors of one host apart.
        var setBack = 0
    }

    /// To be remembered for the next download.
    public private(set) var failures: MirrorFailures
    private var mirrors: [Mirror]
    private let attempts: Int
    private let pauseMax: Duration
    private var fruitlessTries = 0
    private var setBacks = 0
    public static let pauseFirst = Duration.milliseconds(250)
    /// The longest that a server may ask to wait for it.
    public static let retryAfterMax = Duration.seconds(120)

    /// - Parameters:
    ///   - mirrors: names in the offered order.
    ///   - attempts: connections in a row that bring next to nothing; each mirror gets one at least.
    ///   - pauseMax: between two connections to one mirror.
    public init(mirrors: [String], failures: MirrorFailures, attempts: Int, pauseMax: Duration) {
        self.mirrors = mirrors.map { Mirror(name: $0) }
        self.failures = failures
        self.attempts = max(attempts, mirrors.count)
        self.pauseMax = pauseMax
    }

    /// - Parameters:
    ///   - now: time since any fixed moment, from a monotonic clock.
    ///   - wallClock: seconds since 1970.
    /// - Returns: `nil` when nothing is left to try.
    public func next(now: Duration, wallClock: Int64) -> Next? {
        guard fruitlessTries < attempts else { return nil }
        let ranked = mirrors.indices.filter { !mirrors[$0].isUseless }
            .map { (failures.rank(of: mirrors[$0].name, now: wallClock), mirrors[$0].setBack, $0) }
        guard let (_, _, best) = ranked.min(by: <) else { return nil }
        return Next(mirror: best, wait: max(.zero, mirrors[best].notBefore - now))
    }

    /// Whether anything else could be asked instead of `mirror`.
    public func hasOthers(than mirror: Int) -> Bool {
        mirrors.indices.contains { $0 != mirror && !mirrors[$0].isUseless }
    }

    /// - Parameters:
    ///   - wasFruitful: it brought something worth a connection before it failed.
    ///   - chance: evenly drawn from 0…1: so that a fleet that was cut off together does not come back together.
    public mutating func failed(
        _ mirror: Int, _ fault: Fault, wasFruitful: Bool, now: Duration, wallClock: Int64, chance: Double
    ) {
        fruitlessTries = (wasFruitful ? 0 : fruitlessTries) + 1
        mirrors[mirror].fruitlessTries = (wasFruitful ? 0 : mirrors[mirror].fruitlessTries) + 1
        failures.failed(mirrors[mirror].name, now: wallClock)
        putLast(mirror)
        switch fault {
        case .lasting: mirrors[mirror].isUseless = true
        case .passing(let retryAfter):
            let longest = min(pauseMax, Self.pauseFirst * (1 << min(mirrors[mirror].fruitlessTries - 1, 16)))
            let pause = longest / 2 + longest / 2 * min(max(chance, 0), 1)
            mirrors[mirror].notBefore = now + max(pause, min(retryAfter ?? .zero, Self.retryAfterMax))
        }
    }

    /// Behind its equals, without calling it a failure.
    public mutating func putLast(_ mirror: Int) {
        setBacks += 1
        mirrors[mirror].setBack = setBacks
    }

    /// The download was completed by `mirror`.
    public mutating func succeeded(_ mirror: Int) { failures.succeeded(mirrors[mirror].name) }
}
