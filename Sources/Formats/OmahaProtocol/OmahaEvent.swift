public import UpdateModel

/// Something that happened on a machine, as it reports it.
public struct OmahaEvent: Hashable, Sendable {
    /// The longest ``reason`` in bytes of UTF-8. Longer ones are cut when written and when read.
    public static let reasonByteCountMax = 1024

    public var type: OmahaEventType
    public var result: OmahaEventResult
    /// Left out when nothing failed.
    public var errorCode: OmahaErrorCode?
    /// With the first check after an update the release that ran before; otherwise empty or absent.
    public var previousVersion: String?
    public var nextVersion: String?

    /// Extension: what the part that failed said, in its own words.
    public var reason: String?
    /// Extension: the release that failed.
    public var failedVersion: String?
    /// Extension: the digest of the payload that failed.
    public var failedDigest: SHA256Digest?
    /// Extension: the ``OmahaAct/id`` of the act that the event answers.
    public var actID: String?

    public init(
        _ type: OmahaEventType, _ result: OmahaEventResult, errorCode: OmahaErrorCode? = nil,
        previousVersion: String? = nil
    ) {
        self.type = type
        self.result = result
        self.errorCode = errorCode
        self.previousVersion = previousVersion
    }
}

// The events that an engine sends, named by what they mean.
extension OmahaEvent {
    /// `13/1`: the answer is accepted and the download begins.
    public static let downloadStarted = OmahaEvent(.updateDownloadStarted, .success)
    /// `14/1`: the payload is complete and verified.
    public static let downloadFinished = OmahaEvent(.updateDownloadFinished, .success)
    /// `3/1`: everything is in place, only the reboot is missing.
    public static let updateInstalled = OmahaEvent(.updateComplete, .success)

    /// `3/2`: goes with every check. `previousVersion` is `0.0.0.0` at the first check ever, empty normally, and the
    /// release that ran before at the first check after an update took effect.
    public static func checkIn(previousVersion: String = "") -> OmahaEvent {
        OmahaEvent(.updateComplete, .successReboot, previousVersion: previousVersion)
    }

    /// `3/0`: the update failed.
    public static func failed(_ code: OmahaErrorCode, reason: String? = nil) -> OmahaEvent {
        var event = OmahaEvent(.updateComplete, .error, errorCode: code)
        event.reason = reason
        return event
    }

    /// `3/9` with code 40: the machine waits by itself before it tries again.
    public static let deferredForBackoff = OmahaEvent(.updateComplete, .updateDeferred, errorCode: .deferredForBackoff)

    /// `3/0` with code 44: the machine came back on its old release by itself.
    public static func rolledBack(
        from version: String?, digest: SHA256Digest?, reason: String? = nil, flags: OmahaErrorCode.Flags = []
    ) -> OmahaEvent {
        var event = failed(OmahaErrorCode.rollback.with(flags), reason: reason)
        event.failedVersion = version
        event.failedDigest = digest
        return event
    }
}

/// What an event is about. Numbers that are not named here are kept.
///
/// Source: google/omaha `doc/ServerProtocolV3.md`; flatcar/go-omaha `omaha/codes.go`.
public struct OmahaEventType: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let unknown = OmahaEventType(rawValue: 0)
    public static let downloadComplete = OmahaEventType(rawValue: 1)
    public static let installComplete = OmahaEventType(rawValue: 2)
    public static let updateComplete = OmahaEventType(rawValue: 3)
    public static let uninstall = OmahaEventType(rawValue: 4)
    public static let downloadStarted = OmahaEventType(rawValue: 5)
    public static let installStarted = OmahaEventType(rawValue: 6)
    public static let newApplicationInstallStarted = OmahaEventType(rawValue: 9)
    public static let setupStarted = OmahaEventType(rawValue: 10)
    public static let setupFinished = OmahaEventType(rawValue: 11)
    public static let updateApplicationStarted = OmahaEventType(rawValue: 12)
    public static let updateDownloadStarted = OmahaEventType(rawValue: 13)
    public static let updateDownloadFinished = OmahaEventType(rawValue: 14)
    public static let updateInstallerStarted = OmahaEventType(rawValue: 15)
    public static let setupUpdateBegun = OmahaEventType(rawValue: 16)
    public static let setupUpdateComplete = OmahaEventType(rawValue: 17)
    public static let registerProductComplete = OmahaEventType(rawValue: 20)
    public static let oemInstallFirstCheck = OmahaEventType(rawValue: 30)
    public static let appCommandStarted = OmahaEventType(rawValue: 40)
    public static let appCommandEnded = OmahaEventType(rawValue: 41)
    public static let updateCheckFailed = OmahaEventType(rawValue: 50)
    public static let setupFailed = OmahaEventType(rawValue: 100)
    public static let comServerFailed = OmahaEventType(rawValue: 102)
    public static let setupUpdateFailed = OmahaEventType(rawValue: 103)
    /// Nebraska and its updater library: installed, the completion will be reported later.
    public static let installed = OmahaEventType(rawValue: 800)
}

/// How it went. Numbers that are not named here are kept.
///
/// Source: google/omaha `doc/ServerProtocolV3.md`; flatcar/go-omaha `omaha/codes.go`.
public struct OmahaEventResult: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let error = OmahaEventResult(rawValue: 0)
    public static let success = OmahaEventResult(rawValue: 1)
    /// It worked and needs, or has had, its reboot.
    public static let successReboot = OmahaEventResult(rawValue: 2)
    public static let successRestartBrowser = OmahaEventResult(rawValue: 3)
    public static let cancelled = OmahaEventResult(rawValue: 4)
    public static let installerErrorMSI = OmahaEventResult(rawValue: 5)
    public static let installerErrorOther = OmahaEventResult(rawValue: 6)
    public static let noUpdate = OmahaEventResult(rawValue: 7)
    public static let installerErrorSystem = OmahaEventResult(rawValue: 8)
    public static let updateDeferred = OmahaEventResult(rawValue: 9)
    public static let handoffError = OmahaEventResult(rawValue: 10)
}
