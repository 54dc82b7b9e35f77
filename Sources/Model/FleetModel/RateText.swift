internal import UpdateModel

/// Bytes a second as people write and read them: `100MB/s`, `12.5MiB/s`, `1000000`.
public enum RateText {
    private static let units: [(name: String, bytes: UInt64)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1000), ("KB", 1000), ("MB", 1_000_000),
        ("GB", 1_000_000_000), ("B", 1),
    ]

    /// `nil` for what is no rate. A number alone counts bytes; a fraction has at most three digits.
    public static func bytesPerSecond(_ text: String) -> UInt64? {
        let amount = text.hasSuffix("/s") ? text.dropLast(2) : text[...]
        let unit = units.first { amount.hasSuffix($0.name) }
        let number = amount.dropLast(unit?.name.count ?? 0)
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy(isNumber), let whole = UInt64(parts[0]) else {
            return nil
        }
        let bytes = unit?.bytes ?? 1
        let (product, overflows) = whole.multipliedReportingOverflow(by: bytes)
        guard !overflows else { return nil }
        guard parts.count == 2 else { return product }
        guard bytes > 1, parts[1].count <= 3, let digits = UInt64(parts[1]) else { return nil }
        let divisor: UInt64 = [10, 100, 1000][parts[1].count - 1]
        let (sum, isTooMuch) = product.addingReportingOverflow(digits * bytes / divisor)
        return isTooMuch ? nil : sum
    }

    private static func isNumber(_ text: Substring) -> Bool {
        (1...15).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// In binary units: `95 MiB/s`.
    public static func text(_ bytesPerSecond: UInt64) -> String { ByteCount.text(bytesPerSecond) + "/s" }
}
