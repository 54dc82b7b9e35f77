/// Why a request was refused, in the form of every error of the API.
///
/// Source: RFC 9457, section 3.1.
public struct Problem: Codable, Sendable, Hashable {
    public static let mediaType = "application/problem+json"

    /// What kind of problem it is: `about:blank`, so that ``title`` says no more than the status does.
    public let type: String
    /// The status in words.
    public let title: String
    /// The HTTP status.
    public let status: Int
    /// What happened to which object, and what to try: one line for a person.
    public let detail: String

    public init(title: String, status: Int, detail: String) {
        self.type = "about:blank"
        self.title = title
        self.status = status
        self.detail = detail
    }
}
