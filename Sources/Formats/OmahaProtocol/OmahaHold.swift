public import FoundationEssentials

/// Extension: why a machine is not offered its target now, and until when that is likely to last.
///
/// Sent with `noupdate`, which the clients in the field take silently; they ignore the rest.
public struct OmahaHold: Hashable, Sendable {
    /// One word for programs, such as `paused`, `ramp`, `limit` or `window`.
    public var reason: String
    /// One sentence for people.
    public var text: String?
    /// The server's estimate, to the second; a forecast, no promise.
    public var until: Date?

    public init(reason: String, text: String? = nil, until: Date? = nil) {
        self.reason = reason
        self.text = text
        self.until = until
    }
}
