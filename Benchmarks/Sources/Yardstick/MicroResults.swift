import FoundationEssentials

/// What the benchmark library exported, as rows.
struct MicroResults {
    let rows: [Row]

    init(contentsOfFile path: String) throws(YardstickError) {
        let bytes = try Output.content(ofFile: path)
        do {
            rows = try JSONDecoder().decode([Benchmark].self, from: Data(bytes)).map(Self.row)
        } catch {
            throw .failed("\(path) is no export of the benchmarks: \(error)")
        }
    }

    private static func row(_ benchmark: Benchmark) -> Row {
        let name = benchmark.benchmark.split(separator: ".", maxSplits: 3).last.map(String.init) ?? benchmark.benchmark
        let wall = benchmark.metric("Time (wall clock)")
        let processor = benchmark.metric("Time (total CPU)")
        guard let nanoseconds = wall?.nanoseconds("50.0") else { return Row(name: name, value: "-", unit: "") }
        var notes: [String] = []
        if let least = wall?.nanoseconds("0.0") { notes.append("best \(Self.text(least))") }
        if let used = processor?.nanoseconds("50.0"), used > 1_000_000 { notes.append("CPU \(Self.text(used))") }
        if let mebibytes = Self.mebibytes(in: name) {
            notes.append("\(Decimal(brief: mebibytes / (nanoseconds / 1e9))) MiB/s")
        } else {
            notes.append("\(Decimal(brief: 1e6 / nanoseconds)) k/s")
        }
        let (value, unit) = Self.scaled(nanoseconds)
        return Row(name: name, value: value, unit: unit, note: notes.joined(separator: ", "))
    }

    /// The 32 in “… (32 MiB)”.
    private static func mebibytes(in name: String) -> Double? {
        guard name.hasSuffix(" MiB)"), let start = name.lastIndex(of: "(") else { return nil }
        return Double(name[name.index(after: start)...].dropLast(5))
    }

    private static func text(_ nanoseconds: Double) -> String {
        let (value, unit) = scaled(nanoseconds)
        return "\(value) \(unit)"
    }

    private static func scaled(_ nanoseconds: Double) -> (String, String) {
        switch nanoseconds {
        case ..<1e3: (Decimal(brief: nanoseconds).description, "ns")
        case ..<1e6: (Decimal(brief: nanoseconds / 1e3).description, "µs")
        case ..<1e9: (Decimal(brief: nanoseconds / 1e6).description, "ms")
        default: (Decimal(brief: nanoseconds / 1e9).description, "s")
        }
    }
}

/// The part of JMH's result format that is read here.
private struct Benchmark: Decodable {
    struct Metric: Decodable {
        let scorePercentiles: [String: Double]
        let scoreUnit: String

        func nanoseconds(_ percentile: String) -> Double? {
            guard let score = scorePercentiles[percentile] else { return nil }
            switch scoreUnit.prefix(while: { $0 != " " }) {
            case "ns": return score
            case "μs", "us": return score * 1e3
            case "ms": return score * 1e6
            case "s": return score * 1e9
            default: return nil
            }
        }
    }

    let benchmark: String
    let primaryMetric: Metric
    let secondaryMetrics: [String: Metric]?

    /// Which of them the library calls primary depends on what was measured.
    func metric(_ name: String) -> Metric? {
        if let metric = secondaryMetrics?[name] { return metric }
        return name == "Time (wall clock)" ? primaryMetric : nil
    }
}
