public import UpdateModel

/// A copy of a payload that lies elsewhere: what was known of it when its bits were read, and whether it still is so.
public struct PayloadMirror: Hashable, Sendable, Codable {
    public let url: PayloadURL
    /// What the other server called the file (its `ETag`, else its `Last-Modified`) when its bits were read and right.
    /// A network of servers has several names for one file. An empty name, or no name at all, stands for a file that it
    /// calls nothing: then the size alone is compared. Where it told another size than that of the bits which it gave,
    /// that stands before the name.
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

    /// Whether the right bits were called so.
    public func isKnown(as name: String) -> Bool { marks.isEmpty ? name.isEmpty : marks.contains(name) }

    /// A payload has no more copies than this.
    public static let countMaximum = 8
}

/// Why a copy of a payload is not offered.
public struct MirrorTrouble: Hashable, Sendable, Codable {
    public enum Kind: String, CaseIterable, Hashable, Sendable, Codable {
        /// It is not there, or does not answer.
        case unavailable
        /// Size or name are none that the right bits had; it is about to be read again.
        case changed
        /// It was read again, and is another file.
        case different
    }

    public let kind: Kind
    public let since: Timestamp
    /// Plain words that say what was found.
    public let text: String
    /// What a file that changed or is different was called: one that is different is not read again until it is called
    /// otherwise.
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
