import FoundationEssentials
import UpdateModel

/// A step of the story did not come true.
struct StoryFailure: Error, Hashable {
    var expected: String
    var seen: String
    /// The log that tells more, if one does.
    var log: String?

    /// The end of the log, for a person who looks for the reason.
    func lastLogLines(_ count: Int = 12) -> [String] {
        guard let log, let data = FileManager.default.contents(atPath: log) else { return [] }
        return String(decoding: data.suffix(16 * 1024), as: UTF8.self)
            .split(whereSeparator: \.isNewline).suffix(count).map(String.init)
    }
}

extension StoryFailure: UserFacingError {
    var userMessage: UserMessage {
        UserMessage("The story did not come true: expected \(expected); seen: \(seen)", exit: .software)
    }
}
