public import UpdateModel

/// A copy of a payload that lies elsewhere: what was known of it when its bits were read, and whether it still is so.
public struct PayloadMirror: Hashable, Sendable, Codable {
    public let url: PayloadURL
    /// What the other server called the file (its `ETag`, else its `Last-Modified`) when its bits were read and right. A network
    /// of servers has several names for one file. Empty where it gives none: then the size alone is compared.
    public var marks: [String]
    /// Set while it is not offered.
    public var trouble: MirrorTrouble?

    /// Older names than this many are dropped.
    public static let marksMaximum = 8

    public init(url: PayloadURL, marks: [String], trouble: MirrorTrouble? = nil) {
        self.url = url
        self.marks = marks
        self.trouble = trouble
    }

    /// A payload has no more copies than this.
    public static let countMaximum = 8
}

/// Why a copy of a payload is not offered.
public struct MirrorTrouble: Hashable, Sendable, Codable {
    public enum Kind: String, CaseIterable, Hashable, Sendable, Codable {
        /// It is not there, or does not answer.
        case unavailable
        /// Size or name are not what they were; it is about to be read again.
        case changed
        /// It was read again, and is another file.
        case different
    }

    public let kind: Kind
    public let since: Timestamp
    /// Plain words that say what was found.
    public let text: String
    /// What was seen of a file that is different, so that it is not read again until it changes; the name of one that changed.
    public let seen: String?

    public init(kind: Kind, since: Timestamp, text: String, seen: String? = nil) {
        self.kind = kind
        self.since = since
        self.text = text
        self.seen = seen
    }
}

extension Payload {
    /// Whether the server keeps no copy of it.
    public var isElsewhere: Bool { !mirrors.isEmpty }

    /// The copies that are offered.
    public var openMirrors: [PayloadMirror] { mirrors.filter { $0.trouble == nil } }

    /// How many copies are not offered.
    public var troubleCount: Int { mirrors.count { $0.trouble != nil } }

    /// Whether machines can have it now.
    public var isAvailable: Bool { !isElsewhere || mirrors.contains { $0.trouble == nil } }
}
