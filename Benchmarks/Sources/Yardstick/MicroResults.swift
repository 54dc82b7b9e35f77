import FoundationEssentials

/// What the benchmark library exported, as rows.
struct MicroResults {
    let rows: [Row]

    init(contentsOfFile path: String) throws(YardstickError) {
        let bytes = try Output.content(ofFile: path)
        do {
            rows = try JSONDecoder().decode([Benchmark].self, from: Data(bytes)).map(Self.row)
                .sorted { $0.name < $1.name }
        } catch {
            throw .failed("\(path) is no export of the benchmarks: \(error)")
        }
    }

    private static func row(_ benchmark: Benchmark) -> Row {
        let name = String(
            benchmark.benchmark.split(separator: ".", maxSplits: 3).last?.map { $0 == "_" ? " " : $0 } ?? [])
        let mebibytes = mebibytes(in: name)
        // The export does not divide by the number of runs in a sample.
        let runs = mebibytes == nil ? 1000.0 : 1.0
        let wall = benchmark.secondaryMetrics["Time (wall clock)"]
        guard let median = wall?.nanoseconds("50.0"), let least = wall?.nanoseconds("0.0") else {
            return Row(name: name, value: "-", unit: "")
        }
        let rate =
            mebibytes.map { "\(Decimal(brief: $0 / (median / 1e9))) MiB/s" }
            ?? "\(Decimal(brief: 1e6 / (median / runs))) k/s"
        var notes = [rate, "best \(text(least / runs))"]
        // The system counts a process's time in hundredths of a second.
        if let used = benchmark.secondaryMetrics["Time (total CPU)"]?.nanoseconds("50.0"), used > 1e8 {
            notes.append("CPU \(text(used / runs))")
        }
        let (value, unit) = scaled(median / runs)
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
    /// Beside the throughput.
    let secondaryMetrics: [String: Metric]
}
