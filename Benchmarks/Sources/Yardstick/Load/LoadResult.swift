/// What one run of check-ins showed.
struct LoadResult {
    let settings: LoadSettings
    let seconds: Double
    /// In nanoseconds, sorted.
    let latencies: [Int64]
    /// Of the server.
    let processorSeconds: Double
    let peakKibibytes: Int

    var rate: Double { Double(latencies.count) / max(seconds, 1e-9) }

    var line: String {
        let each = processorSeconds * 1e6 / Double(max(1, latencies.count))
        var notes = [
            "CPU \(Decimal(brief: each)) µs each", "p50 \(milliseconds(0.5)) ms", "p99 \(milliseconds(0.99)) ms",
            "\(latencies.count) in \(Decimal(seconds, places: 1)) s", "peak \(peakKibibytes / 1024) MiB",
        ]
        if let reference = settings.referenceRate, reference > 0 {
            notes.insert("\(Decimal(rate / reference, places: 2))× of the plain answer", at: 0)
        }
        return Row(
            name: settings.name, value: Decimal(rate, places: 0).description, unit: "/s",
            note: notes.joined(separator: ", ")
        ).line
    }

    private func milliseconds(_ share: Double) -> String {
        guard let last = latencies.indices.last else { return "-" }
        return Decimal(Double(latencies[Int(Double(last) * share)]) / 1e6, places: 1).description
    }
}
