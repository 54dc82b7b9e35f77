public import UpdateModel

extension OmahaResponse {
    /// What the response means for the machine that asked about `application`.
    ///
    /// The steps, and what is enough at each, are those of `update_engine`, so that any server that serves it serves
    /// us. Two differ on purpose: only the answer for `application` counts, and a server's `error-…` is
    /// ``OmahaAnswer/declined(_:app:)`` rather than a failure. Whether the offer is wanted (newer, not tried before,
    /// signed) is for others to decide.
    ///
    /// Source: flatcar/update_engine `src/update_engine/omaha_request_action.cc`.
    public func answer(for application: ApplicationID) -> OmahaAnswer {
        guard let app = apps.first(where: { (try? ApplicationID($0.id)) == application }) else {
            return .invalid(.omahaResponseInvalid, reason: "nothing is said about application \(application)")
        }
        guard let check = app.updateCheck else {
            return .invalid(.omahaResponseInvalid, reason: "the update check is not answered")
        }
        switch check.status {
        case .ok: return check.offer
        case .noUpdate: return .noUpdate(pollInterval: check.pollInterval, hold: check.hold, act: check.act)
        case let status where status.isError: return .declined(status, app: app.status)
        default:
            return .invalid(
                .omahaResponseInvalid, reason: "the status “\(check.status.rawValue.prefix(64))” means nothing")
        }
    }
}

extension OmahaResponse.UpdateCheck {
    /// The interval that the server asks for; `nil` where it gives none that makes sense.
    public var pollInterval: Duration? {
        guard let seconds = pollIntervalSeconds, seconds > 0 else { return nil }
        return .seconds(seconds)
    }

    fileprivate var offer: OmahaAnswer {
        guard let manifest = manifests.first else { return Self.incomplete("there is no manifest") }
        guard !codebases.isEmpty else { return Self.incomplete("there is no url") }
        guard !codebases.contains("") else { return Self.incomplete("a url is empty") }
        guard let payload = manifest.packages.first, !payload.name.isEmpty else {
            return Self.incomplete("there is no package with a name")
        }
        guard payload.size > 0 else { return Self.incomplete("the package has no size") }
        guard let action = manifest.actions.first(where: { $0.event == .postinstall }) else {
            return Self.incomplete("there is no postinstall action")
        }
        guard let digest = action.sha256 else { return Self.incomplete("the postinstall action has no SHA-256") }
        return .offer(
            OmahaUpdateOffer(
                version: manifest.version, urls: urls(of: payload), packageName: payload.name, size: payload.size,
                digest: digest, extraPackages: extraPackages(of: manifest),
                disablesPayloadBackoff: action.disablesPayloadBackoff, isDelta: action.isDeltaPayload,
                failureCountPerURLMax: Self.failureCount(action.failureCountPerURLMax),
                deadline: action.deadline == "" ? nil : action.deadline, pollInterval: pollInterval,
                isHoldLifted: isHoldLifted))
    }

    private static func incomplete(_ reason: String) -> OmahaAnswer { .invalid(.omahaResponseInvalid, reason: reason) }

    /// Ten where the server says nothing, or nothing that counts failures.
    private static func failureCount(_ count: Int?) -> Int { count.flatMap { $0 > 0 ? $0 : nil } ?? 10 }

    private func extraPackages(of manifest: OmahaResponse.Manifest) -> [OmahaUpdateOffer.ExtraPackage] {
        manifest.packages.dropFirst().filter { !$0.name.isEmpty }.map {
            OmahaUpdateOffer.ExtraPackage(package: $0, urls: urls(of: $0))
        }
    }

    /// Each codebase and the package's name, with one slash between them.
    private func urls(of package: OmahaResponse.Package) -> [String] {
        codebases.map { $0.hasSuffix("/") ? $0 + package.name : "\($0)/\(package.name)" }
    }
}
