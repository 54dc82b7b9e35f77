/// Spans of time as people write and read them: a whole number of one unit, such as `90s`, `10m`, `6h`, `2d`.
public enum SpanText {
    private static let units: [(letter: Character, seconds: Int64)] = [
        ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]
    private static let numberMax: Int64 = 1_000_000_000

    /// In the largest unit that leaves no rest: 5400 seconds are `90m`.
    public static func text(_ seconds: Int64) -> String {
        let unit = units.first { seconds != 0 && seconds.isMultiple(of: $0.seconds) } ?? ("s", 1)
        return "\(seconds / unit.seconds)\(unit.letter)"
    }

    /// The seconds of a text; a number without a unit counts them. `nil` for what is no span, or below zero.
    public static func seconds(_ text: some StringProtocol) -> Int64? {
        let unit = units.first { $0.letter == text.last }
        guard let number = Int64(unit == nil ? text[...] : text.dropLast()), (0...numberMax).contains(number) else {
            return nil
        }
        return number * (unit?.seconds ?? 1)
    }
}
