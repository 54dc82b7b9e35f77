public import UpdateModel

/// What a machine asks or reports: one POST to the update service.
///
/// A wire value: nothing here is trusted, and every text is as it was received. Attributes that a machine always sends,
/// empty where it knows nothing, are plain strings; those that are rare are optional.
///
/// Source: google/omaha `doc/ServerProtocolV3.md`; flatcar/update_engine `src/update_engine/omaha_request_action.cc`.
public struct OmahaRequest: Hashable, Sendable {
    /// `3.0`; servers that check it accept nothing else.
    public var protocolVersion = "3.0"
    /// The program that asks, such as `update_engine-0.4.10`.
    public var version: String
    public var updaterVersion: String?
    public var installSource: OmahaInstallSource?
    /// Whether the program acts for the whole machine rather than for one user.
    public var isMachine: Bool?
    public var requestID: String?
    public var sessionID: String?
    public var userID: String?
    public var testSource: String?
    public var operatingSystem: OperatingSystem?
    /// One for each application; `update_engine` always sends exactly one.
    public var apps: [App]

    /// A request as a whole machine sends it; `version` also serves as the updater's version.
    public init(
        version: String, installSource: OmahaInstallSource? = .scheduler, operatingSystem: OperatingSystem? = nil,
        apps: [App]
    ) {
        self.version = version
        self.updaterVersion = version
        self.installSource = installSource
        self.isMachine = true
        self.operatingSystem = operatingSystem
        self.apps = apps
    }

    /// The element `os`.
    public struct OperatingSystem: Hashable, Sendable {
        /// `Chateau` from every CoreOS and Flatcar machine.
        public var version = "Chateau"
        /// `CoreOS` from every CoreOS and Flatcar machine.
        public var platform = "CoreOS"
        /// Release and processor, such as `4230.2.3_x86_64`.
        public var servicePack: String
        /// Sent by clients of go-omaha (`x64`, `x86`, `arm`), never by `update_engine`.
        public var architecture: String?

        public init(servicePack: String, architecture: String? = nil) {
            self.servicePack = servicePack
            self.architecture = architecture
        }
    }
}

/// Who started a check.
public struct OmahaInstallSource: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    /// A person asked for the check.
    public static let onDemand = OmahaInstallSource(rawValue: "ondemandupdate")
    /// The timer asked for the check.
    public static let scheduler = OmahaInstallSource(rawValue: "scheduler")
}

extension OmahaRequest {
    /// The architecture of `app`: its board, else what `os` says, else amd64, as the servers in the field decide.
    ///
    /// Source: flatcar/nebraska `backend/pkg/omaha/omaha.go`.
    public func architecture(of app: App) -> Architecture {
        if let architecture = Architecture(board: app.board) { return architecture }
        return operatingSystem?.architecture.flatMap { Architecture($0) } ?? .amd64
    }
}
