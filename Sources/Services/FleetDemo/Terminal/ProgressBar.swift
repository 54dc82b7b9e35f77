/// A bar of half-cell steps: `━━━━━━╸─────`.
package struct ProgressBar: Sendable {
    package let width: Int

    package init(width: Int) { self.width = width }

    /// The filled and the empty part; together `width` characters.
    package func parts(_ fraction: Double) -> (filled: String, empty: String) {
        let clamped = fraction.isFinite ? min(max(fraction, 0), 1) : 0
        let halves = Int((clamped * Double(width * 2)).rounded(.down))
        let isHalf = halves % 2 == 1
        let filled = String(repeating: "━", count: halves / 2) + (isHalf ? "╸" : "")
        return (filled, String(repeating: "─", count: width - halves / 2 - (isHalf ? 1 : 0)))
    }
}
