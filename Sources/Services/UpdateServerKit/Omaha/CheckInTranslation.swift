import FleetModel
import FoundationEssentials
import OmahaProtocol
import UpdateModel

/// Between Omaha's words and the fleet's: a request becomes check-ins, and what became of them becomes an answer.
struct CheckInTranslation {
    let message: OmahaRequest
    let peerAddress: String?
    /// Without a slash at its end.
    let serverURL: String

    /// What the machine said about `app`; `nil` when the name of the application is none.
    ///
    /// The time is left to whoever records it. Texts are cut to what the fleet's records hold: a machine that lies must
    /// not fill the store.
    func checkIn(_ app: OmahaRequest.App) -> CheckIn? {
        guard let application = app.applicationID else { return nil }
        return CheckIn(
            application: application,
            machine: try? MachineID(app.machineID),  // Unusable: answered and not registered.
            track: Self.cut(OmahaTrack(app.track).name) ?? "",
            version: try? Version(app.version),  // Unusable: the decision says so.
            architecture: architecture(app), bootID: Self.cut(app.bootID), alias: Self.cut(app.machineAlias),
            oem: Self.cut(app.oem), address: peerAddress, bootedSlot: app.bootedSlot,
            engine: app.engine.flatMap { Self.cut($0) },
            events: app.events.map(Self.report),
            asksForUpdate: app.updateCheck != nil, isForced: message.installSource == .onDemand,
            readsFormatTwo: app.engine != nil, receivedAt: .epoch)
    }

    /// The board, else `os arch`, else the processor in `os sp` (`4230.2.3_x86_64`), else what an old group's UUID
    /// tells, else amd64.
    private func architecture(_ app: OmahaRequest.App) -> Architecture {
        if let architecture = Architecture(board: app.board) { return architecture }
        if let architecture = message.operatingSystem?.architecture.flatMap({ Architecture($0) }) {
            return architecture
        }
        let servicePack = message.operatingSystem?.servicePack ?? ""
        let processor = servicePack.split(separator: "_", maxSplits: 1).dropFirst().first
        return processor.flatMap { Architecture($0) } ?? OmahaTrack(app.track).architecture ?? .amd64
    }

    private static func report(_ event: OmahaEvent) -> ReportedEvent {
        let version = event.failedVersion ?? event.nextVersion
        return ReportedEvent(
            type: event.type.rawValue, result: event.result.rawValue,
            code: event.errorCode.map { Int64($0.rawValue) },
            previousVersion: event.previousVersion.map { cut($0) ?? "" },
            version: version.flatMap { try? Version($0) },  // An unusable version is as good as none.
            reason: event.reason.flatMap { cut($0, byteCountMax: OmahaEvent.reasonByteCountMax) },
            rollback: event.actID.flatMap { try? RollbackID($0) })  // Another's word for an act is none of ours.
    }

    /// `nil` for an empty text; otherwise at most that many bytes of it, ending between two characters.
    private static func cut(_ text: String, byteCountMax: Int = 128) -> String? {
        if text.isEmpty { return nil }
        var short = Substring(text)
        while short.utf8.count > byteCountMax { short = short.prefix(short.count - max(1, short.count / 8)) }
        return String(short)
    }
}

// The way back.
extension CheckInTranslation {
    /// What the machine is told. Every refusal is `noupdate`, the only one that machines in the field take silently;
    /// why stands beside it in attributes of ours.
    /// - Parameter pass: what opens the payload on offer, where that needs one.
    func answer(_ app: OmahaRequest.App, _ outcome: CheckInOutcome, pass: String? = nil) -> OmahaResponse.App {
        let act =
            outcome.rollback.map { OmahaAct(.rollback, id: $0.id.rawValue, text: $0.reason) }
            ?? outcome.withdrawal.map { OmahaAct(.unstage, id: $0.id.rawValue, text: $0.reason) }
        var answer = decided(app, outcome, act, pass)
        // What is not recorded is not acknowledged. Who asked is told why beside that; who only reports keeps the
        // report.
        if outcome.stage == nil {
            answer.eventStatuses = []
            if outcome.decision == nil { answer.status = .restricted }
        }
        return answer
    }

    private func decided(_ app: OmahaRequest.App, _ outcome: CheckInOutcome, _ act: OmahaAct?, _ pass: String?)
        -> OmahaResponse.App
    {
        switch outcome.decision {
        case nil: OmahaResponse.App(acknowledging: app)
        case .upToDate: OmahaResponse.App(acknowledging: app, updateCheck: .noUpdate(act: act))
        case .hold(let reason, let until):
            OmahaResponse.App(
                acknowledging: app, status: reason == .unknownApplication ? .errorUnknownApplication : .ok,
                updateCheck: .noUpdate(hold: Self.hold(reason, until: until, floor: outcome.floor), act: act))
        case .offer(let payload):
            OmahaResponse.App(acknowledging: app, updateCheck: offer(payload, isReleased: outcome.isReleased, pass))
        }
    }

    /// For an application whose name is no name.
    func refusalOfName(_ app: OmahaRequest.App) -> OmahaResponse.App {
        var answer = OmahaResponse.App(
            acknowledging: app, status: .errorInvalidAppID,
            updateCheck: app.updateCheck.map { _ in .noUpdate(hold: Self.hold(.unknownApplication, until: nil)) })
        answer.eventStatuses = []
        return answer
    }

    private func offer(_ payload: Payload, isReleased: Bool, _ pass: String?) -> OmahaResponse.UpdateCheck {
        var check = OmahaResponse.UpdateCheck.offer(
            version: payload.version.text, codebases: codebases(payload, pass),
            payload: OmahaResponse.Package(
                name: payload.fileName, size: Int64(clamping: payload.size), sha1Base64: payload.sha1),
            digest: payload.sha256, isDelta: payload.isDelta)
        check.isHoldLifted = isReleased
        return check
    }

    /// What lies elsewhere is opened by no pass of ours.
    private func codebases(_ payload: Payload, _ pass: String?) -> [String] {
        guard payload.isElsewhere else { return [serverURL + PayloadRoutes.directory(of: payload.sha256, pass: pass)] }
        return payload.openMirrors.map(\.url.codebase)
    }

    private static func hold(_ reason: HoldReason, until: Timestamp?, floor: Version? = nil) -> OmahaHold {
        OmahaHold(
            reason: reason.name, text: reason.text + (floor.map { " It passes the floor \($0) first." } ?? ""),
            until: until.map { Date(timeIntervalSince1970: Double($0.microseconds) / 1_000_000) })
    }
}
