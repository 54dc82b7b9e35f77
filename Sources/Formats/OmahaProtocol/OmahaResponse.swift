public import UpdateModel

/// What the update service answers to an ``OmahaRequest``.
///
/// A wire value: nothing here is trusted. ``answer(for:)`` tells what an engine may do with it.
///
/// Source: google/omaha `doc/ServerProtocolV3.md`; flatcar/go-omaha `omaha/protocol.go`.
public struct OmahaResponse: Hashable, Sendable {
    public var protocolVersion = "3.0"
    /// The program that answers, such as `nebraska`.
    public var server: String
    public var dayStart: DayStart?
    /// One for each application of the request, in its order.
    public var apps: [App]

    public init(server: String = "martlet", dayStart: DayStart? = DayStart(), apps: [App]) {
        self.server = server
        self.dayStart = dayStart
        self.apps = apps
    }

    /// The element `daystart`: the server's time of day, which clients may use to count days.
    public struct DayStart: Hashable, Sendable {
        /// Seconds since the server's midnight. The servers in the field always say 0.
        public var elapsedSeconds: Int
        /// Days since 2007-01-01.
        public var elapsedDays: Int?

        public init(elapsedSeconds: Int = 0, elapsedDays: Int? = nil) {
            self.elapsedSeconds = elapsedSeconds
            self.elapsedDays = elapsedDays
        }
    }

    /// What is answered about one application.
    public struct App: Hashable, Sendable {
        /// The application exactly as the request named it: clients compare the text.
        public var id: String
        public var status: OmahaAppStatus
        /// `ok` when the request had a ping.
        public var pingStatus: String?
        /// Present when the request asked for an update.
        public var updateCheck: UpdateCheck?
        /// One status, always `ok`, for each event of the request.
        public var eventStatuses: [String]

        public init(
            id: String, status: OmahaAppStatus = .ok, pingStatus: String? = nil, updateCheck: UpdateCheck? = nil,
            eventStatuses: [String] = []
        ) {
            self.id = id
            self.status = status
            self.pingStatus = pingStatus
            self.updateCheck = updateCheck
            self.eventStatuses = eventStatuses
        }

        /// Acknowledges everything in `app` that wants no decision: its ping and its events.
        public init(acknowledging app: OmahaRequest.App, status: OmahaAppStatus = .ok, updateCheck: UpdateCheck? = nil)
        {
            self.init(
                id: app.id, status: status, pingStatus: app.ping == nil ? nil : "ok", updateCheck: updateCheck,
                eventStatuses: app.events.map { _ in "ok" })
        }
    }

    /// The element `updatecheck` of an answer.
    public struct UpdateCheck: Hashable, Sendable {
        public var status: OmahaUpdateCheckStatus
        /// Seconds until the machine should ask again. `update_engine` takes 45 minutes to 4 hours.
        public var pollIntervalSeconds: Int?
        /// Extension: why the machine is not offered an update now.
        public var hold: OmahaHold?
        /// Extension: what an operator wants the machine to do; counts with `noupdate` only.
        public var act: OmahaAct?
        /// Extension: an operator gave the release on offer free for this machine after it was rolled back from it.
        public var isHoldLifted = false
        /// The prefixes of the download addresses; package names are appended.
        public var codebases: [String]
        /// The releases offered; machines take the first, mirrors take all.
        public var manifests: [Manifest]

        public init(
            status: OmahaUpdateCheckStatus, pollIntervalSeconds: Int? = nil, hold: OmahaHold? = nil,
            codebases: [String] = [], manifests: [Manifest] = []
        ) {
            self.status = status
            self.pollIntervalSeconds = pollIntervalSeconds
            self.hold = hold
            self.codebases = codebases
            self.manifests = manifests
        }

        /// There is nothing for this machine now; `hold` says why where that is not simply “it is up to date”.
        /// - Parameter act: what the machine is to do instead.
        public static func noUpdate(
            pollIntervalSeconds: Int? = nil, hold: OmahaHold? = nil, act: OmahaAct? = nil
        ) -> UpdateCheck {
            var check = UpdateCheck(status: .noUpdate, pollIntervalSeconds: pollIntervalSeconds, hold: hold)
            check.act = act
            return check
        }

        /// An offer that every client in the field accepts: one payload, and its digest in a `postinstall` action.
        ///
        /// The payload is written without back-off, as the public servers do: without it a machine stays silent for
        /// days after a failed download.
        public static func offer(
            version: String, codebases: [String], payload: Package, digest: SHA256Digest, extraPackages: [Package] = [],
            isDelta: Bool = false, pollIntervalSeconds: Int? = nil
        ) -> UpdateCheck {
            var action = Action(event: .postinstall, sha256: digest)
            action.disablesPayloadBackoff = true
            action.isDeltaPayload = isDelta
            let manifest = Manifest(version: version, packages: [payload] + extraPackages, actions: [action])
            return UpdateCheck(
                status: .ok, pollIntervalSeconds: pollIntervalSeconds, codebases: codebases, manifests: [manifest])
        }
    }
}
