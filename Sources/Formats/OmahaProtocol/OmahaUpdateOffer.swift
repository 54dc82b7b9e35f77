public import UpdateModel

/// What an engine may do with a response: the outcome of ``OmahaResponse/answer(for:)``.
public enum OmahaAnswer: Hashable, Sendable {
    /// There is an update, and everything needed to fetch it.
    case offer(OmahaUpdateOffer)
    /// There is nothing now; `hold` says why where the server is one of ours.
    /// `act` is what an operator wants the machine to do instead.
    case noUpdate(pollInterval: Duration?, hold: OmahaHold?, act: OmahaAct? = nil)
    /// The server said that it cannot or will not decide: no failure of the machine, and nothing to report.
    case declined(OmahaUpdateCheckStatus, app: OmahaAppStatus)
    /// The response breaks the protocol; `reason` says how. The code is what the server is told.
    case invalid(OmahaErrorCode, reason: String)
}

/// An update on offer, checked for being complete, but not yet for being wanted.
public struct OmahaUpdateOffer: Hashable, Sendable {
    /// The release, as the server writes it.
    public var version: String
    /// Where to fetch the payload: each codebase joined with the package's name, in the server's order. Never empty.
    public var urls: [String]
    public var packageName: String
    /// Bytes of the payload; more than 0.
    public var size: Int64
    /// The digest of the whole payload.
    public var digest: SHA256Digest
    /// Files beside the payload.
    public var extraPackages: [ExtraPackage]
    /// Whether the machine may try again at once after a failed download.
    public var disablesPayloadBackoff: Bool
    public var isDelta: Bool
    /// Failures at one address before the next is tried.
    public var failureCountPerURLMax: Int
    /// `now` asks not to wait.
    public var deadline: String?
    /// How long to wait before the next check.
    public var pollInterval: Duration?
    /// An operator gave the release free for this machine: a hold that a rollback left here ends.
    public var isHoldLifted = false

    /// A file beside the payload, and where to fetch it.
    public struct ExtraPackage: Hashable, Sendable {
        public var package: OmahaResponse.Package
        public var urls: [String]
    }
}
