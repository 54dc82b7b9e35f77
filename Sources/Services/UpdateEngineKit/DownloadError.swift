import UpdateLogic
package import UpdateModel

/// A payload could not be fetched. What had arrived by then stays good: it is compared with the payload's digests.
package enum DownloadError: Error, Hashable {
    case unreachable(url: String, reason: String)
    case refused(url: String, status: Int, retryAfter: Duration? = nil)
    case badRedirect(url: String)
    case wrongLength(url: String, promised: UInt64, found: UInt64)
    case badRange(url: String)
    /// The body is compressed on its way, though nobody asked for that.
    case encoded(url: String)
    /// The server says that its file is another than before; whether its bytes are is still to be seen.
    case changedVersion(url: String)
    /// What the server holds before `offsetBytes` is not what came from there, or from another server, before.
    case changed(offsetBytes: UInt64)
    /// Everything would have to be read again to go on here, and another server may know ranges.
    case ignoresRanges(url: String)
    case tooLong(promised: UInt64)
    case endedEarly(received: UInt64, promised: UInt64)
    case interrupted(reason: String)
    case stalled(limit: Duration, bytesPerSecond: Int)

    /// What it says about asking the same server again.
    var fault: MirrorChoice.Fault {
        switch self {
        case .unreachable, .endedEarly, .interrupted, .badRange, .stalled, .changedVersion, .ignoresRanges, .tooLong:
            .passing(retryAfter: nil)
        case .refused(_, let status, let retryAfter):
            status >= 500 || status == 408 || status == 429 ? .passing(retryAfter: retryAfter) : .lasting
        case .wrongLength, .badRedirect, .encoded, .changed: .lasting
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
        case .unreachable, .refused, .stalled, .interrupted, .endedEarly, .ignoresRanges:
            UserMessage(text, exit: .unavailable)
        case .wrongLength, .encoded: UserMessage(text, hint: "Does a proxy answer in its place?", exit: .badData)
        case .badRedirect, .badRange, .changedVersion, .changed, .tooLong: UserMessage(text, exit: .badData)
        }
    }

    private var text: String {
        switch self {
        case .unreachable(let url, let reason): "\(url) did not answer: \(reason)."
        case .refused(let url, let status, _): "\(url) answered with HTTP status \(status)."
        case .badRedirect(let url): "\(url) redirects for ever, or to where it may not."
        case .wrongLength(let url, let promised, let found):
            "\(url) has \(found) bytes where the offer says \(promised)."
        case .badRange(let url): "\(url) answered with another range than was asked for."
        case .encoded(let url): "\(url) answered with a compressed body that nobody asked for."
        case .changedVersion(let url): "\(url) is another file than before."
        case .changed(let offset):
            "The file changed: its first \(offset) bytes are not those that had arrived before."
        case .ignoresRanges(let url): "\(url) sends everything where only the rest was asked for."
        case .tooLong(let promised): "The server sends more than the \(promised) bytes it promised."
        case .endedEarly(let received, let promised): "The download ended after \(received) of \(promised) bytes."
        case .interrupted(let reason): "The download was interrupted: \(reason)."
        case .stalled(let limit, let bytesPerSecond):
            "The server brought less than \(bytesPerSecond) bytes a second for \(limit)."
        }
    }
}
