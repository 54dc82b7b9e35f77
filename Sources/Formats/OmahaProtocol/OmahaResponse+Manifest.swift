public import UpdateModel

extension OmahaResponse {
    /// One release on offer: its files, and what to do with them.
    public struct Manifest: Hashable, Sendable {
        public var version: String
        /// Whether this release must be passed through on the way up.
        public var isFloor = false
        /// Whether this release is where the way ends.
        public var isTarget = false
        public var floorReason: String?
        public var packages: [Package]
        public var actions: [Action]

        public init(version: String, packages: [Package], actions: [Action]) {
            self.version = version
            self.packages = packages
            self.actions = actions
        }
    }

    /// One file of a release. The first is the payload.
    public struct Package: Hashable, Sendable {
        /// The file's name, appended to the codebase.
        public var name: String
        /// The SHA-1 in base64, as text; old servers send it, and some clients check it.
        public var sha1Base64: String?
        /// Read from hexadecimal digits or base64, written as hexadecimal digits.
        public var sha256: SHA256Digest?
        /// Bytes; 0 where it was missing or unreadable, which no client accepts for the payload.
        public var size: Int64
        public var isRequired: Bool
        public var metadata: [Metadata] = []

        public init(
            name: String, size: Int64, sha1Base64: String? = nil, sha256: SHA256Digest? = nil, isRequired: Bool = true
        ) {
            self.name = name
            self.sha1Base64 = sha1Base64
            self.sha256 = sha256
            self.size = size
            self.isRequired = isRequired
        }
    }

    /// Free data about a package.
    public struct Metadata: Hashable, Sendable {
        public var contentType: String
        public var text: String

        public init(contentType: String, text: String) {
            self.contentType = contentType
            self.text = text
        }
    }

    /// What to do with the packages, and when. `postinstall` is the one that machines read.
    ///
    /// The attributes from ``deadline`` on come from ChromeOS and the desktop; machines of today ignore them, and they
    /// are kept as text.
    public struct Action: Hashable, Sendable {
        public var event: OmahaActionEvent
        /// The digest of the whole payload. Read from base64 or hexadecimal digits, written as base64.
        public var sha256: SHA256Digest?
        public var displayVersion: String?
        public var needsAdmin = false
        public var isDeltaPayload = false
        /// Whether a machine may try again at once after a failed download.
        public var disablesPayloadBackoff = false
        /// Failures at one address before the next is tried; clients take 10 where it is absent.
        public var failureCountPerURLMax: Int?
        public var metadataSignatureRSA: String?
        public var metadataSize: String?
        /// `now` asks the machine not to wait.
        public var deadline: String?
        public var chromeOSVersion: String?
        public var isDelta: String?
        public var manifestSize: String?
        public var manifestSignatureRSA: String?
        public var daysToScatterMax: String?
        public var moreInfo: String?
        public var prompt: String?
        public var run: String?
        public var arguments: String?
        public var successAction: String?

        public init(event: OmahaActionEvent, sha256: SHA256Digest?) {
            self.event = event
            self.sha256 = sha256
        }
    }
}

/// When an action is due.
public struct OmahaActionEvent: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let preinstall = OmahaActionEvent(rawValue: "preinstall")
    public static let install = OmahaActionEvent(rawValue: "install")
    public static let postinstall = OmahaActionEvent(rawValue: "postinstall")
    public static let update = OmahaActionEvent(rawValue: "update")
}
