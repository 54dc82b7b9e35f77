import BootControl
import Logging
import OmahaProtocol
import UpdateLogic
import UpdateModel

extension UpdateEngine {
    func requestApp() -> OmahaRequest.App {
        var app = OmahaRequest.App(
            id: identity.application.text, version: identity.version.text, track: identity.track,
            machineID: identity.machine.rawValue)
        app.bootID = "{\(host.bootID)}"
        app.oem = identity.oem
        app.oemVersion = identity.oemVersion
        app.alephVersion = keeper.record.alephVersion?.text ?? ""
        app.machineAlias = identity.alias
        app.board = identity.board
        app.bootedSlot = host.bootControl.booted
        app.engine = "martletd/\(EngineDaemon.version)"
        return app
    }

    func request(_ app: OmahaRequest.App, source: OmahaInstallSource = .scheduler) -> OmahaRequest {
        let processor = identity.board.hasPrefix("arm64") ? "aarch64" : "x86_64"
        return OmahaRequest(
            version: "martletd-\(EngineDaemon.version)", installSource: source,
            operatingSystem: .init(servicePack: "\(identity.version)_\(processor)"), apps: [app])
    }

    /// Sends what the server has not acknowledged, oldest first, and stops at the first that does not get through.
    func sendReports(to server: WebAddress) async {
        while let report = keeper.record.reports.first, !Task.isCancelled {
            var app = requestApp()
            app.version = report.runningVersion ?? app.version
            app.events = [report.event]
            do {
                let answer = try await OmahaClient(web: web).exchange(request(app), with: server)
                guard answer.heardEvents(of: identity.application) else {
                    throw OmahaExchangeError.notRecorded(server: server)
                }
                remember { $0.acknowledged(report: report.number) }
            } catch {
                guard !Task.isCancelled else { return }
                let text = (error as? any UserFacingError)?.userMessage.line ?? "\(error)"
                logger.notice(
                    "A report waits for the server",
                    metadata: ["report.number": "\(report.number)", "report.error": "\(text)"])
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
        event.actID = actID
        if eventResult == 0, actID == nil {
            event.failedVersion = subjectVersion
            event.failedDigest = subjectDigest
        }
        return event
    }
}
