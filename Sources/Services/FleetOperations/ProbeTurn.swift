internal import FleetModel
internal import UpdateModel

/// Which copies are probed in one turn, and when each may begin: those that nobody looked at for longest come first,
/// and no host holds up the others.
struct ProbeTurn {
    /// At most so many copies in one turn, so many of them at once, and so many at once of one host.
    static let countMaximum = 240
    static let atOnce = 8
    static let atOncePerHost = 2
    /// A host that kept a probe waiting for so many seconds is asked nothing more in this turn.
    static let slowSeconds: Int64 = 5

    private var left: [CopyElsewhere]
    private var begun = 0
    /// Probes under way, by host.
    private var underWay: [String: Int] = [:]
    private var slow: Set<String> = []

    /// - Parameter due: in the order in which they should be probed.
    init(_ due: [CopyElsewhere]) { left = due }

    /// - Returns: `nil` where none may begin now; ``end(_:after:)`` is called once for every other.
    mutating func next() -> CopyElsewhere? {
        guard begun < Self.countMaximum, underWay.values.reduce(0, +) < Self.atOnce else { return nil }
        let place = left.firstIndex { copy in
            let host = copy.mirror.url.host
            return !slow.contains(host) && underWay[host, default: 0] < Self.atOncePerHost
        }
        guard let place else { return nil }
        let copy = left.remove(at: place)
        underWay[copy.mirror.url.host, default: 0] += 1
        begun += 1
        return copy
    }

    /// - Parameter microseconds: how long the probe took.
    mutating func end(_ copy: CopyElsewhere, after microseconds: Int64) {
        let host = copy.mirror.url.host
        underWay[host, default: 1] -= 1
        if microseconds >= Self.slowSeconds * 1_000_000 { slow.insert(host) }
    }
}
