public import UpdateModel

/// What a slot holds, and how it got on.
///
/// ```text
/// empty ──▶ writing ──▶ written ──▶ trying ──▶ good
///   ▲          │                       └─────▶ bad
///   └──────────┘
/// ```
public struct SlotContent: Hashable, Sendable, Codable {
    public enum Life: String, Hashable, Sendable, Codable {
        case empty, writing, written, trying, good, bad

        /// A word of a newer version counts as ``bad``: nothing is ever rolled back to what is not understood.
        public init(from decoder: any Decoder) throws {
            self = Life(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .bad
        }
    }

    public var life: Life
    public var version: Version?
    /// Digest of what the payload made of the slot.
    public var contentDigest: SHA256Digest?
    /// SHA-256 of the payload that was installed.
    public var payloadDigest: SHA256Digest?

    public init(
        life: Life, version: Version? = nil, contentDigest: SHA256Digest? = nil, payloadDigest: SHA256Digest? = nil
    ) {
        self.life = life
        self.version = version
        self.contentDigest = contentDigest
        self.payloadDigest = payloadDigest
    }
}

/// A release that is not installed again by itself (architecture invariant 5).
public struct HeldRelease: Hashable, Sendable, Codable {
    public enum Cause: String, Hashable, Sendable, Codable {
        /// Its boot was not good on this machine.
        case failedHere
        /// A person rolled back from it.
        case rolledBack

        /// A word of a newer version counts as ``failedHere``: the hold stays, by digest.
        public init(from decoder: any Decoder) throws {
            self = Cause(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .failedHere
        }
    }

    public var version: Version
    public var contentDigest: SHA256Digest?
    public var payloadDigest: SHA256Digest?
    public var cause: Cause
    /// For people: a sentence.
    public var reason: String

    public init(
        version: Version, contentDigest: SHA256Digest?, payloadDigest: SHA256Digest?, cause: Cause, reason: String
    ) {
        self.version = version
        self.contentDigest = contentDigest
        self.payloadDigest = payloadDigest
        self.cause = cause
        self.reason = reason
    }
}
