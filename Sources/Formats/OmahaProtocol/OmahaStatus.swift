/// What a server says about an application. Words that are not named here are kept.
///
/// Source: google/omaha `doc/ServerProtocolV3.md`; flatcar/go-omaha `omaha/codes.go`; flatcar/nebraska
/// `backend/pkg/omaha/omaha.go`.
public struct OmahaAppStatus: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let ok = OmahaAppStatus(rawValue: "ok")
    public static let restricted = OmahaAppStatus(rawValue: "restricted")
    public static let errorUnknownApplication = OmahaAppStatus(rawValue: "error-unknownApplication")
    public static let errorInvalidAppID = OmahaAppStatus(rawValue: "error-invalidAppId")
    public static let errorInvalidVersion = OmahaAppStatus(rawValue: "error-invalidVersion")
    public static let errorInternal = OmahaAppStatus(rawValue: "error-internal")
}

// Nebraska's own words for why it refuses.
extension OmahaAppStatus {
    public static let errorNoPackageFound = OmahaAppStatus(rawValue: "error-noPackageFound")
    public static let errorUnknownApplicationOrGroup = OmahaAppStatus(rawValue: "error-unknownApplicationOrGroup")
    public static let errorInstanceRegistrationFailed = OmahaAppStatus(rawValue: "error-instanceRegistrationFailed")
    public static let errorUpdatesPerPeriodLimitReached = OmahaAppStatus(
        rawValue: "error-maxUpdatesPerPeriodLimitReached")
    public static let errorConcurrentUpdatesLimitReached = OmahaAppStatus(
        rawValue: "error-maxConcurrentUpdatesLimitReached")
    public static let errorTimedOutUpdatesLimitReached = OmahaAppStatus(
        rawValue: "error-maxTimedOutUpdatesLimitReached")
    public static let errorUpdatesDisabled = OmahaAppStatus(rawValue: "error-updatesDisabled")
    public static let errorCouldNotCheckUpdatesStatistics = OmahaAppStatus(rawValue: "error-couldNotCheckUpdatesStats")
    public static let errorUpdateInProgressOnInstance = OmahaAppStatus(rawValue: "error-updateInProgressOnInstance")
    public static let errorFailedToRetrieveUpdatePackageInfo = OmahaAppStatus(
        rawValue: "error-failedToRetrieveUpdatePackageInfo")
}

/// What a server answers to an update check. Words that are not named here are kept.
///
/// `update_engine` understands ``ok`` and ``noUpdate``; it reports anything else as failure 34.
public struct OmahaUpdateCheckStatus: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let ok = OmahaUpdateCheckStatus(rawValue: "ok")
    public static let noUpdate = OmahaUpdateCheckStatus(rawValue: "noupdate")
    public static let errorOSNotSupported = OmahaUpdateCheckStatus(rawValue: "error-osnotsupported")
    public static let errorUnsupportedProtocol = OmahaUpdateCheckStatus(rawValue: "error-unsupportedProtocol")
    public static let errorPluginRestrictedHost = OmahaUpdateCheckStatus(rawValue: "error-pluginRestrictedHost")
    public static let errorHash = OmahaUpdateCheckStatus(rawValue: "error-hash")
    public static let errorInternal = OmahaUpdateCheckStatus(rawValue: "error-internal")

    /// Whether the server could not or would not decide: one of the words that begin with `error-`.
    public var isError: Bool { rawValue.hasPrefix("error-") }
}
