/// What a fake fleet lived through.
struct FleetRunSummary: Codable, Sendable, Hashable {
    struct Kind: Codable, Sendable, Hashable {
        var machines = 0
        var offers = 0
        /// Updates that came up.
        var updates = 0
        var failures = 0
    }

    var machines = 0
    var seed: UInt64 = 0
    var seconds = 0.0
    /// Exchanges that were answered as Omaha.
    var exchanges = 0
    /// Answers with a status of 4xx, which lies deserve, and of 5xx.
    var refused = 0
    var serverErrors = 0
    /// Exchanges that broke off, or were answered with something else than Omaha.
    var broken = 0
    var kinds: [String: Kind] = [:]
    /// Machines by the release that they run at the end.
    var versions: [String: Int] = [:]
    /// Machines by the reason for which they wait at the end.
    var holds: [String: Int] = [:]
    /// In milliseconds.
    var latencyMedian = 0.0
    var latency99th = 0.0
    var latencyMax = 0.0

    mutating func add(_ machine: FakeMachine) {
        machines += 1
        versions[machine.version, default: 0] += 1
        if let hold = machine.hold { holds[hold, default: 0] += 1 }
        var kind = kinds[machine.kind.rawValue] ?? Kind()
        kind.machines += 1
        kind.offers += machine.offers
        kind.updates += machine.updates
        kind.failures += machine.failures
        kinds[machine.kind.rawValue] = kind
    }

    /// - Parameter latencies: in milliseconds.
    mutating func setLatencies(_ latencies: [Float]) {
        let sorted = latencies.sorted()
        guard let last = sorted.last else { return }
        latencyMedian = Double(sorted[(sorted.count - 1) / 2])
        latency99th = Double(sorted[(sorted.count - 1) * 99 / 100])
        latencyMax = Double(last)
    }
}

extension FleetRunSummary {
    var lines: [String] {
        var table = Table("KIND", "MACHINES", "OFFERS", "UPDATED", "FAILED")
        for (name, kind) in kinds.sorted(by: { $0.key < $1.key }) {
            table.add(name, "\(kind.machines)", "\(kind.offers)", "\(kind.updates)", "\(kind.failures)")
        }
        var sheet = Sheet()
        sheet.add("exchanges", "\(exchanges) in \(Self.brief(seconds)) s, \(Int(Double(exchanges) / max(seconds, 0.001)))/s")
        sheet.add(
            "answered in",
            "\(Self.brief(latencyMedian)) ms (median), \(Self.brief(latency99th)) ms (99 %), \(Self.brief(latencyMax)) ms at most")
        if refused > 0 { sheet.add("refused", "\(refused)") }
        if serverErrors > 0 { sheet.add("server errors", "\(serverErrors)") }
        if broken > 0 { sheet.add("broken off", "\(broken)") }
        sheet.add("run now", Self.list(versions))
        sheet.add("wait for", Self.list(holds))
        sheet.add("seed", "\(seed)")
        return table.lines + sheet.lines
    }

    /// The most frequent first; a liar's inventions are not all told.
    private static func list(_ counts: [String: Int]) -> String {
        let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let rest = sorted.count > 8 ? ", …" : ""
        return sorted.prefix(8).map { "\($0.value) \($0.key)" }.joined(separator: ", ") + rest
    }

    private static func brief(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
