import UpdateModel

/// Checks single values and names the key of one that is wrong.
struct SettingsReader: Sendable {
    let path: String
    /// A year: nothing that waits longer is meant.
    private static let secondsMax = 31_536_000.0

    func invalid(_ key: String, _ reason: String) -> SettingsError {
        SettingsError(path: path, key: key, reason: reason)
    }

    /// An absolute path.
    func path(_ value: String?, key: String, default standard: String) throws(SettingsError) -> String {
        guard let value else { return standard }
        guard value.hasPrefix("/"), !value.utf8.contains(0) else { throw invalid(key, "it must be an absolute path") }
        return value
    }

    func number(
        _ value: Int?, key: String, default standard: Int, in range: ClosedRange<Int>
    ) throws(SettingsError) -> Int {
        guard let value else { return standard }
        guard range.contains(value) else {
            throw invalid(key, "\(value) is not in \(range.lowerBound)…\(range.upperBound)")
        }
        return value
    }

    /// A number of seconds.
    func span(
        _ value: Seconds?, key: String, default standard: Duration, from least: Double
    ) throws(SettingsError) -> Duration {
        guard let value else { return standard }
        guard value.value >= least, value.value <= Self.secondsMax else {
            throw invalid(key, "\(value.value) seconds is not between \(least) and \(Self.secondsMax)")
        }
        return value.duration
    }

    /// A program's absolute path and its arguments.
    func command(_ value: [String]?, key: String, default standard: [String]) throws(SettingsError) -> [String] {
        guard let value else { return standard }
        guard let program = value.first, program.hasPrefix("/") else {
            throw invalid(key, "it must begin with an absolute path")
        }
        return value
    }

    func choice<Choice: RawRepresentable<String>>(
        _ text: String, key: String, of all: [Choice]
    ) throws(SettingsError) -> Choice {
        guard let choice = all.first(where: { $0.rawValue == text }) else {
            let names = all.map(\.rawValue).joined(separator: ", ")
            throw invalid(key, "“\(text)” is not one of: \(names)")
        }
        return choice
    }
}
