import ArgumentParser
import FleetAPI
import FleetModel

/// A policy's parts as people read them.
enum PolicyWords {
    /// - Parameter words: of a stage's value.
    static func stages(_ values: PerStage, _ words: (Int) -> String = { "\($0)" }) -> String {
        PerStage.stages.compactMap { stage in values[stage].map { "\(stage.rawValue) \(words($0))" } }
            .joined(separator: ", ")
    }

    static func canary(_ canary: Canary) -> String {
        let labels = canary.labels.map { " with \($0)" } ?? ""
        return "\(canary.size) machines\(labels), soaked \(SpanText.text(canary.soakSeconds))"
    }

    static func brakes(_ brakes: Brakes) -> String {
        var words: [String] = []
        if let percent = brakes.failurePercent {
            words.append("\(percent) % failed of at least \(brakes.failureSample)")
        }
        if !brakes.timeOuts.isEmpty { words.append("too slow: \(stages(brakes.timeOuts))") }
        if let silent = brakes.silent { words.append("\(silent) silent for \(SpanText.text(brakes.silenceSeconds))") }
        return words.joined(separator: "; ")
    }
}

/// Reads the parts of a policy. Each message says what is wanted.
enum PolicyParser {
    /// `90`, `90s`, `10m`, `6h`, `2d`: seconds.
    static func seconds(_ text: some StringProtocol) throws -> Int64 {
        guard let seconds = SpanText.seconds(text) else {
            throw ValidationError("“\(text)” is no time; use one such as 90s, 10m, 6h or 2d.")
        }
        return seconds
    }

    static func edit<Value>(_ text: String, _ read: (String) throws -> Value) rethrows -> FieldEdit<Value> {
        text == "none" ? .unlimited : .limit(try read(text))
    }

    /// `6h`, or steps such as `5%@0,25%@1h,100%@6h`.
    static func ramp(_ text: String) throws -> Ramp {
        guard text.contains("@") else { return .linear(seconds: try seconds(text)) }
        return .steps(
            try text.split(separator: ",").map { part in
                let ends = part.split(separator: "@", omittingEmptySubsequences: false)
                guard ends.count == 2, let percent = Int(ends[0].hasSuffix("%") ? ends[0].dropLast() : ends[0]) else {
                    throw ValidationError("“\(part)” is no step of a ramp; use one such as 25%@1h.")
                }
                return Ramp.Step(afterSeconds: try seconds(ends[1]), percent: percent)
            })
    }

    /// `50/10m`
    static func rate(_ text: String) throws -> GrantRate {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let maximum = Int(parts[0]) else {
            throw ValidationError("“\(text)” is no rate; use one such as 50/10m.")
        }
        return GrantRate(maximum: maximum, seconds: try seconds(parts[1]))
    }

    /// `100MB/s`: bytes a second.
    static func downloadRate(_ text: String) throws -> UInt64 {
        guard let rate = RateText.bytesPerSecond(text) else {
            throw ValidationError("“\(text)” is no rate of bytes; use one such as 100MB/s or 12.5MiB/s.")
        }
        return rate
    }

    /// `5/2h`, or `5/2h/role=canary`
    static func canary(_ text: String) throws -> Canary {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let size = Int(parts[0]) else {
            throw ValidationError("“\(text)” names no machines that go first; use one such as 5/2h.")
        }
        return Canary(
            size: size, soakSeconds: try seconds(parts[1]),
            labels: parts.count == 3 ? try LabelQuery.parse(String(parts[2])) : nil)
    }

    /// `web`, `web/95%`, or `web/95%/2h`
    static func order(_ text: String) throws -> GroupOrder {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        var order = GroupOrder(group: try GroupName.parse(String(parts.first ?? "")))
        for part in parts.dropFirst() {
            if part.hasSuffix("%"), let percent = Int(part.dropLast()) {
                order.percent = percent
            } else {
                order.soakSeconds = try seconds(part)
            }
        }
        return order
    }

    static func window(_ text: String) throws -> FieldEdit<WindowText> {
        try edit(text) { text in
            guard let window = OfferWindow(text) else {
                throw ValidationError("“\(text)” is no window; use one such as “mon-fri 22:00-06:00 Europe/Berlin”.")
            }
            return WindowText(window)
        }
    }

    /// `downloading=1h,installed=2d`; values are read by `value`.
    static func stages(_ text: String, _ value: (Substring) throws -> Int) throws -> PerStage {
        var stages = PerStage()
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "=", omittingEmptySubsequences: false)
            guard ends.count == 2, let stage = MachineStage(rawValue: String(ends[0])), PerStage.stages.contains(stage)
            else {
                throw ValidationError(
                    "“\(part)” names no stage; use offered, downloading, downloaded or installed, as in downloading=5.")
            }
            stages[stage] = try value(ends[1])
        }
        return stages
    }

    static func deltas(_ text: String) throws -> DeltaPolicy { try word(text) }

    static func downgrade(_ text: String) throws -> DowngradePolicy { try word(text) }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(_ text: String) throws -> Word {
        guard let word = Word(rawValue: text) else {
            let choices = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("“\(text)” is not one of: \(choices).")
        }
        return word
    }

    static func number(_ text: some StringProtocol) throws -> Int {
        guard let number = Int(text), number >= 0 else {
            throw ValidationError("“\(text)” is not a limit; use a number or none.")
        }
        return number
    }
}

extension LabelQuery {
    static func parse(_ text: String) throws -> LabelQuery {
        guard let query = LabelQuery(text) else {
            throw ValidationError("“\(text)” chooses no labels; use for instance role=web,zone!=eu,gpu,!old.")
        }
        return query
    }

    static func parseEdit(_ text: String) throws -> FieldEdit<LabelQuery> { try PolicyParser.edit(text, parse) }
}
