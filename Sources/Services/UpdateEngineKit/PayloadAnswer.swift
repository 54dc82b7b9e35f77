import AsyncHTTPClient
import NIOHTTP1

/// Which state of a file a server speaks of: its `ETag`, or its `Last-Modified` where it has none.
///
/// Source: RFC 9110, section 8.8.
struct EntityVersion: Hashable, Sendable, Codable {
    /// As the server wrote it.
    let text: String
    private static let bytesMax = 256

    init?(_ headers: HTTPHeaders) {
        guard let text = headers.first(name: "ETag") ?? headers.first(name: "Last-Modified"),
            (1...Self.bytesMax).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        self.text = text
    }

    /// Whether equal ones mean equal bytes, so that `If-Range` may carry it: an `ETag` without `W/`.
    var isStrong: Bool { text.hasPrefix("\"") }
}

/// What is asked of a server: bytes of a payload from one place on.
struct PayloadQuestion: Sendable {
    var first: UInt64
    /// Behind the last byte.
    var end: UInt64
    /// Of the whole payload.
    var sizeBytes: UInt64
    /// What this server said of the bytes before `first`.
    var version: EntityVersion?
    /// The server does not say truly of which file its ranges are: then everything is read and compared.
    var isForWhole = false

    var isForRange: Bool { !isForWhole && (first > 0 || end < sizeBytes) }

    var headers: HTTPHeaders {
        var headers: HTTPHeaders = ["Accept-Encoding": "identity"]
        guard isForRange else { return headers }
        headers.add(name: "Range", value: end < sizeBytes ? "bytes=\(first)-\(end - 1)" : "bytes=\(first)-")
        if first > 0, let version, version.isStrong { headers.add(name: "If-Range", value: version.text) }
        return headers
    }
}

/// What an answer says about itself, checked before a byte of its body is used: status, length, range, coding, version.
struct PayloadAnswer: Sendable {
    /// Where in the payload the body begins: 0 where the server sends everything, whatever was asked for.
    let first: UInt64
    /// Where it ends.
    let end: UInt64
    let version: EntityVersion?

    /// - Throws: ``DownloadError`` when the body is of no use.
    init(_ response: HTTPClientResponse, to question: PayloadQuestion, url: String) throws(DownloadError) {
        let headers = response.headers
        switch response.status {
        case .ok: (first, end) = (0, question.sizeBytes)
        case .partialContent where question.isForRange:
            (first, end) = try Self.range(headers, question, url)
        default:
            throw .refused(url: url, status: Int(response.status.code), retryAfter: Self.retryAfter(headers))
        }
        if let coding = headers.first(name: "Content-Encoding"), coding.lowercased() != "identity" {
            throw .encoded(url: url)
        }
        if let length = headers.first(name: "Content-Length").flatMap({ UInt64($0) }), length != end - first {
            throw .wrongLength(url: url, promised: end - first, found: length)
        }
        version = EntityVersion(headers)
        if first > 0, let known = question.version, let version, version != known { throw .changedVersion(url: url) }
    }

    private static func range(
        _ headers: HTTPHeaders, _ question: PayloadQuestion, _ url: String
    ) throws(DownloadError) -> (UInt64, UInt64) {
        guard let range = ContentRange(headers.first(name: "Content-Range")), range.first == question.first,
            range.last < question.sizeBytes
        else { throw .badRange(url: url) }
        if let total = range.total, total != question.sizeBytes {
            throw .wrongLength(url: url, promised: question.sizeBytes, found: total)
        }
        return (range.first, range.last + 1)
    }

    /// Seconds only: a date would need both clocks to be right.
    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        guard let text = headers.first(name: "Retry-After"), let seconds = UInt32(text) else { return nil }
        return .seconds(Int64(seconds))
    }
}
