import UpdateLogic
package import UpdateModel

/// A payload could not be fetched. What had arrived by then stays good: it is compared with the payload's digests.
package enum DownloadError: Error, Hashable {
    case unreachable(url: String, reason: String)
    case refused(url: String, status: Int)
    case badRedirect(url: String)
    case wrongLength(url: String, promised: UInt64, found: UInt64)
    case badRange(url: String)
    case tooLong(promised: UInt64)
    case endedEarly(received: UInt64, promised: UInt64)
    case interrupted(reason: String)
    case stalled(limit: Duration)

    /// Whether another connection to the same address may bring more.
    var isWorthRepeating: Bool {
        switch self {
        case .unreachable, .endedEarly, .interrupted, .badRange, .stalled: true
        case .refused(_, let status): status >= 500 || status == 408 || status == 429
        case .wrongLength, .tooLong, .badRedirect: false
        }
    }

    /// What update_engine would report: 9, or 11 for a wrong size.
    package var updateEngineCode: Int {
        switch self {
        case .wrongLength, .tooLong: 11
        default: 9
        }
    }
}

extension DownloadError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .unreachable(let url, let reason):
            UserMessage("\(url) did not answer: \(reason).", exit: .unavailable)
        case .refused(let url, let status):
            UserMessage("\(url) answered with HTTP status \(status).", exit: .unavailable)
        case .badRedirect(let url):
            UserMessage("\(url) redirects for ever, or to where it may not.", exit: .badData)
        case .wrongLength(let url, let promised, let found):
            UserMessage(
                "\(url) has \(found) bytes where the offer says \(promised).",
                hint: "Does a proxy answer in its place?", exit: .badData)
        case .badRange(let url):
            UserMessage("\(url) answered with another range than was asked for.", exit: .badData)
        case .tooLong(let promised):
            UserMessage("The server sends more than the \(promised) bytes it promised.", exit: .badData)
        case .endedEarly(let received, let promised):
            UserMessage("The download ended after \(received) of \(promised) bytes.", exit: .unavailable)
        case .interrupted(let reason):
            UserMessage("The download was interrupted: \(reason).", exit: .unavailable)
        case .stalled(let limit):
            UserMessage(
                "The server brought less than \(StallWatch.bytesPerSecondMin) bytes a second for \(limit).",
                exit: .unavailable)
        }
    }
}
