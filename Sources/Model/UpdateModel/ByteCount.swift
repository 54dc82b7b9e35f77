/// Sizes as people read them: binary units, one decimal from 10 KiB down.
public enum ByteCount {
    /// `"512 B"`, `"1.5 KiB"`, `"23 MiB"`.
    public static func text(_ bytes: UInt64) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        var tenths = Double(bytes)
        var unit = 0
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        while tenths >= 1024, unit < units.count - 1 {
            tenths /= 1024
            unit += 1
        }
        if tenths >= 9.95 { return "\(Int(tenths.rounded())) \(units[unit])" }
        let rounded = Int((tenths * 10).rounded())
        return "\(rounded / 10).\(rounded % 10) \(units[unit])"
    }
}
