import Glibc

/// How long the disk takes until what was appended to a file is durable: what no durable store can be faster than.
struct DiskSync {
    /// In nanoseconds, sorted.
    private let times: [Int64]
    private static let pieceByteCount = 4096

    /// - Parameter file: is made, and removed again.
    init(file: String, count: Int) throws(YardstickError) {
        let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw .failed("cannot open \(file): \(Output.systemText(errno))") }
        defer {
            close(descriptor)
            _ = unsafe unlink(file)
        }
        let piece = [UInt8](repeating: 0x5A, count: Self.pieceByteCount)
        let clock = ContinuousClock()
        var times: [Int64] = []
        for _ in 0..<count {
            let start = clock.now
            guard unsafe write(descriptor, piece, piece.count) == piece.count, fdatasync(descriptor) == 0 else {
                throw .failed("cannot write \(file): \(Output.systemText(errno))")
            }
            times.append(Int64((clock.now - start) / .nanoseconds(1)))
        }
        self.times = times.sorted()
    }

    var row: Row {
        func milliseconds(_ share: Double) -> String {
            Decimal(Double(times[Int(Double(times.count - 1) * share)]) / 1e6, places: 2).description
        }
        return Row(
            name: "reference: 4 KiB appended and fdatasync", value: milliseconds(0.5), unit: "ms",
            note: "p99 \(milliseconds(0.99)) ms, \(times.count) times")
    }
}
