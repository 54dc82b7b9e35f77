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
    func check(_ wish: CheckWish, isOnDemand: Bool) async {
        activity.isChecking = true
        activity.lastError = host.stateTrouble()
        activity.serverHold = nil
        activity.newVersion = keeper.record.staged?.version.text
        do {
            identity = try MachineIdentity.read(settings)
            switch identity.server {
            case .off: activity.serverHold = "updates are switched off on this machine"
            case .unusable(let source): throw IdentityError.unusableServer(source)
            case .at(let server): try await check(wish, isOnDemand: isOnDemand, server)
            }
        } catch {
            if !Task.isCancelled { note(error, "Update check failed") }
        }
        if !Task.isCancelled { await finishStaged() }
        activity.state = nil
        activity.progress = nil
        activity.isChecking = false
        activity.checkCount += 1
    }

    private func check(_ wish: CheckWish, isOnDemand: Bool, _ server: WebAddress) async throws {
        activity.state = .checking
        await sendReports(to: server)
        let answer = try await ask(server, isOnDemand: isOnDemand)
        do {
            try await handle(answer, wish, isOnDemand: isOnDemand)
        } catch {
            if !Task.isCancelled { await sendReports(to: server) }
            throw error
        }
        await sendReports(to: server)
    }

    private func ask(_ server: WebAddress, isOnDemand: Bool) async throws -> OmahaAnswer {
        var app = requestApp()
        app.ping = OmahaRequest.Ping()
        app.updateCheck = OmahaRequest.UpdateCheck()
        app.events = [.checkIn(previousVersion: previousVersion)]
        do {
            let response = try await OmahaClient(web: web).exchange(
                request(app, source: isOnDemand ? .onDemand : .scheduler), with: server)
            activity.lastCheckAt = Date()
            remember { [identity] in $0.checkAnswered(heardEvents: response.heardEvents(of: identity.application)) }
            return response.answer(for: identity.application)
        } catch let error as OmahaExchangeError {
            remember { $0.checkFailed() }
            throw error
        }
    }

    /// What goes with a check: see the sheet of events in `docs/protocols/omaha.md`.
    private var previousVersion: String {
        keeper.record.completedFrom ?? (keeper.record.hasCheckedIn ? "" : "0.0.0.0")
    }

    private func handle(_ answer: OmahaAnswer, _ wish: CheckWish, isOnDemand: Bool) async throws {
        activity.requestedPoll = nil
        switch answer {
        case .offer(let offer):
            activity.requestedPoll = offer.pollInterval
            try await consider(offer, wish, isOnDemand: isOnDemand)
        case .noUpdate(let pollInterval, let hold, let act):
            activity.requestedPoll = pollInterval
            activity.serverHold = hold.map { $0.text ?? $0.reason }
            if let act { try await take(act) }
        case .declined(let status, let app):
            activity.serverHold = "declined: \(status.rawValue), \(app.rawValue)"
        case .invalid(let code, let reason):
            remember { $0.checkFailed() }
            throw InvalidAnswer(code: code, reason: reason)
        }
    }

    /// Does what an operator wants of this one machine; the report of it goes out with this check.
    private func take(_ act: OmahaAct) async throws {
        guard act.id != keeper.record.lastActID else { return }
        logger.notice(
            "The server wants something", metadata: ["act.name": "\(act.name.rawValue)", "act.id": "\(act.id)"])
        switch act.name {
        case .rollback: try await perform { $0.rollbackOrdered(id: act.id) }
        case .unstage: try await perform { $0.unstageOrdered(id: act.id) }
        default: remember { $0.unknownActOrdered(id: act.id, name: act.name.rawValue) }
        }
    }

    private func consider(_ offered: OmahaUpdateOffer, _ wish: CheckWish, isOnDemand: Bool) async throws {
        let (offer, addresses) = try usable(offered)
        guard machine.phase != .starting else {
            activity.serverHold = "the state of this boot is not settled yet, so nothing is installed"
            return
        }
        try keeper.refresh()
        if offered.isHoldLifted { remember { $0.rollbackHoldLifted(version: offer.version) } }
        switch keeper.record.judge(offer, boot: machine.boot, isForced: wish.isForced) {
        case .nothingToDo: return
        case .refused(let refusal):
            logger.info(
                "Offer not taken",
                metadata: ["offer.version": "\(offer.version)", "offer.refusal": "\(refusal.userMessage.text)"])
            activity.serverHold = refusal.userMessage.text
        case .install(let slot):
            activity.newVersion = offer.version.text
            if let wait = wait(for: offer, offered), !isOnDemand {
                let failures = keeper.record.backOff?.failures ?? 0
                activity.serverHold =
                    "\(offer.version) failed \(failures) times; the next try is in \(wait.components.seconds) s"
                return
            }
            guard wish.installs else { return }
            if wish.isForced { remember { $0.released(version: offer.version) } }
            try await install(offer, from: addresses, into: slot, isForced: wish.isForced)
        }
    }

    /// An offer whose version and addresses can be used; the others are refused before anything is touched.
    private func usable(_ offered: OmahaUpdateOffer) throws -> (UpdateOffer, [WebAddress]) {
        guard let version = try? Version(offered.version), let size = UInt64(exactly: offered.size) else {
            throw InvalidAnswer(code: .omahaResponseInvalid, reason: "its version or size makes no sense")
        }
        let addresses = offered.urls.compactMap { try? WebAddress($0) }  // Those that are left may do.
        guard !addresses.isEmpty else {
            throw InvalidAnswer(code: .omahaResponseInvalid, reason: "the payload has no usable address")
        }
        return (UpdateOffer(version: version, payloadDigest: offered.digest, payloadSizeBytes: size), addresses)
    }

    /// How long the payload is still left alone. Half-fetched ones go on at once where the server says so.
    private func wait(for offer: UpdateOffer, _ offered: OmahaUpdateOffer) -> Duration? {
        let isPartial = keeper.record.installation?.payloadDigest == offer.payloadDigest
        if offered.disablesPayloadBackoff && isPartial { return nil }
        let left = keeper.record.backOff?.remaining(
            for: offer.payloadDigest, now: UpdateEngine.wallClock, longest: settings.schedule.longestDownloadDelay)
        return left.flatMap { $0 > .zero ? $0 : nil }
    }

    /// Seconds since 1970.
    static var wallClock: Int64 { Int64(Date().timeIntervalSince1970) }

    /// Makes sure that a staged update boots next, and reboots into it where the strategy says so.
    private func finishStaged() async {
        guard let staged = keeper.record.staged, machine.phase == .needsReboot else { return }
        activity.newVersion = staged.version.text
        do {
            try await perform { $0.missingActivation() }
            rebootIfWanted(into: staged)
        } catch {
            note(error, "The staged update could not be activated")
        }
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

extension OmahaResponse {
    /// Whether the server has taken the events that were sent: it says so for each, or at least that it knows the
    /// application and has nothing against the machine. Our own server acknowledges what it recorded, and nothing else.
    func heardEvents(of application: ApplicationID) -> Bool {
        guard let app = apps.first(where: { (try? ApplicationID($0.id)) == application }) else { return false }
        return !app.eventStatuses.isEmpty || (app.status == .ok && app.updateCheck?.hold == nil)
    }
}
