import BootControl
import EngineControl
import FoundationEssentials
import Logging
import OmahaProtocol
import UpdateLogic
import UpdateModel

extension UpdateEngine {
    /// Asks the server, and installs what it offers if that is wanted. Failures are told to the server, the log and
    /// the status; they never end the loop.
    func check(isForced: Bool, installs: Bool) async {
        activity.lastError = nil
        activity.newVersion = machine.record.staged?.version.text
        defer {
            activity.state = nil
            activity.progress = nil
            activity.checkCount += 1
        }
        do {
            identity = try MachineIdentity.read(settings)
            guard let server = identity.server else {
                activity.serverHold = "updates are switched off on this machine"
                return
            }
            activity.state = .checking
            await sendReports(to: server)
            try await handle(try await ask(server, isOnDemand: isForced), isForced: isForced, installs: installs)
            await sendReports(to: server)
        } catch is CancellationError {
            return
        } catch {
            note(error)
        }
    }

    private func ask(_ server: String, isOnDemand: Bool) async throws -> OmahaAnswer {
        var app = requestApp()
        app.ping = OmahaRequest.Ping()
        app.updateCheck = OmahaRequest.UpdateCheck()
        app.events = [.checkIn(previousVersion: machine.record.completedFrom ?? "")]
        do {
            let response = try await OmahaClient(http: http).exchange(
                request(app, source: isOnDemand ? .onDemand : .scheduler), with: server)
            activity.lastCheckAt = Date()
            try remember { $0.checkAnswered() }
            return response.answer(for: identity.application)
        } catch let error as OmahaExchangeError {
            try remember { $0.checkFailed() }
            throw error
        }
    }

    private func handle(_ answer: OmahaAnswer, isForced: Bool, installs: Bool) async throws {
        activity.serverHold = nil
        activity.requestedPoll = nil
        switch answer {
        case .offer(let offer):
            activity.requestedPoll = offer.pollInterval
            try await consider(offer, isForced: isForced, installs: installs)
        case .noUpdate(let pollInterval, let hold):
            activity.requestedPoll = pollInterval
            activity.serverHold = hold.map { $0.text ?? $0.reason }
        case .declined(let status, let app):
            activity.serverHold = "declined: \(status.rawValue), \(app.rawValue)"
        case .invalid(let code, let reason):
            try remember { $0.checkFailed() }
            throw InvalidAnswer(code: code, reason: reason)
        }
    }

    private func consider(_ offered: OmahaUpdateOffer, isForced: Bool, installs: Bool) async throws {
        let offer = UpdateOffer(
            version: try Version(offered.version), payloadDigest: offered.digest, payloadSizeBytes: UInt64(offered.size))
        switch machine.record.judge(offer, boot: machine.boot, isForced: isForced) {
        case .nothingToDo:
            try await finishStaged()
        case .refused(let refusal):
            logger.info("Offer not taken", metadata: ["offer.version": "\(offer.version)", "offer.refusal": "\(refusal.userMessage.text)"])
            activity.serverHold = refusal.userMessage.text
        case .install(let slot):
            activity.newVersion = offer.version.text
            guard installs else { return }
            if isForced { try remember { $0.released(version: offer.version) } }
            try await install(offer, urls: offered.urls, into: slot, isForced: isForced)
            try await finishStaged()
        }
    }

    /// Reboots into a staged update where the strategy says so.
    private func finishStaged() async throws {
        guard let staged = machine.record.staged, machine.phase == .needsReboot else { return }
        activity.newVersion = staged.version.text
        if let server = identity.server { await sendReports(to: server) }
        if settings.rebootStrategy == .reboot { wake(.reboot("update to \(staged.version)")) }
    }

    private func note(_ error: any Error) {
        let text = (error as? any UserFacingError)?.userMessage.line ?? "\(error)"
        logger.warning("Update check failed", metadata: ["check.error": "\(text)"])
        activity.lastError = text
    }
}

/// The server's answer breaks the protocol.
struct InvalidAnswer: UserFacingError {
    let code: OmahaErrorCode
    let reason: String

    var userMessage: UserMessage {
        UserMessage("The server's answer cannot be used: \(reason) (code \(code.rawValue)).", exit: .badData)
    }
}

// MARK: - Requests and reports

extension UpdateEngine {
    func requestApp() -> OmahaRequest.App {
        var app = OmahaRequest.App(
            id: identity.application.text, version: identity.version.text, track: identity.track,
            machineID: identity.machine.rawValue)
        app.bootID = "{\(host.bootID)}"
        app.oem = identity.oem
        app.oemVersion = identity.oemVersion
        app.alephVersion = machine.record.alephVersion?.text ?? ""
        app.machineAlias = identity.alias
        app.board = identity.board
        app.bootedSlot = host.bootControl.booted
        app.engine = EngineVersion.text
        return app
    }

    func request(_ app: OmahaRequest.App, source: OmahaInstallSource = .scheduler) -> OmahaRequest {
        let processor = identity.board.hasPrefix("arm64") ? "aarch64" : "x86_64"
        return OmahaRequest(
            version: EngineVersion.text, installSource: source,
            operatingSystem: .init(servicePack: "\(identity.version)_\(processor)"), apps: [app])
    }

    /// Sends what the server has not acknowledged, oldest first, and stops at the first that does not get through.
    func sendReports(to server: String) async {
        while let report = machine.record.reports.first, !Task.isCancelled {
            var app = requestApp()
            app.events = [report.event]
            do {
                _ = try await OmahaClient(http: http).exchange(request(app), with: server)
                try remember { $0.acknowledged(report: report.number) }
            } catch {
                logger.notice("A report waits for the server", metadata: ["report.number": "\(report.number)", "report.error": "\(error)"])
                return
            }
        }
    }
}

extension EngineReport {
    /// The report as an Omaha event.
    fileprivate var event: OmahaEvent {
        var event = OmahaEvent(
            OmahaEventType(rawValue: eventType), OmahaEventResult(rawValue: eventResult),
            errorCode: errorCode.map { OmahaErrorCode(rawValue: Int32(clamping: $0)) })
        event.reason = reason
        if eventResult == 0 {
            event.failedVersion = subjectVersion
            event.failedDigest = subjectDigest
        }
        return event
    }
}

/// The name under which this engine introduces itself.
enum EngineVersion {
    static let text = "martletd-0.1.0"
}
