import ContentTrust
import EngineControl
import Logging
import PayloadInstaller
import UpdateLogic
import UpdateModel

extension UpdateEngine {
    /// Brings an accepted offer onto the slot: fetched, written, verified, activated.
    /// - Throws: what ended it; the server has been told, or will be.
    func install(_ offer: UpdateOffer, from addresses: [WebAddress], into slot: Slot, isForced: Bool) async throws {
        let plan = InstallationPlan(
            offer: offer, slot: slot, keys: try TrustedKeys(paths: [settings.keyDirectory]),
            held: isForced ? [] : keeper.record.held,
            checkpointIntervalBytes: settings.checkpointIntervalBytes)
        let installation = SlotInstallation(plan, host: host)
        do {
            try await perform { machine in
                machine.offerAccepted(offer, into: slot)
                return machine.hasBegunWriting ? machine.writingBegins() : []
            }
            guard machine.phase == .installing else { return }
            logger.notice("Installing", metadata: ["release.version": "\(offer.version)", "slot.name": "\(slot)"])
            let contentDigest = try await fetch(offer, from: addresses, onto: installation)
            try await perform { $0.installed(contentDigest: contentDigest) }
            logger.notice("Installed", metadata: ["release.version": "\(offer.version)", "slot.name": "\(slot)"])
        } catch {
            await settle(error, of: installation, offer: offer)
            throw error
        }
    }

    /// Goes on where an earlier attempt stopped. If the slot then turns out not to hold what it should, something came
    /// between the two attempts: the payload is fetched once more, whole, before anything is called a failure.
    private func fetch(
        _ offer: UpdateOffer, from addresses: [WebAddress], onto installation: SlotInstallation
    ) async throws -> SHA256Digest {
        do {
            return try await transfer(offer, from: addresses, onto: installation, isAnew: false)
        } catch let error as InstallationError {
            guard await installation.findings().isResumed else { throw error }
            logger.notice(
                "What an earlier attempt wrote cannot be used",
                metadata: ["installation.error": "\(error.userMessage.line)"])
            return try await transfer(offer, from: addresses, onto: installation, isAnew: true)
        }
    }

    private func transfer(
        _ offer: UpdateOffer, from addresses: [WebAddress], onto installation: SlotInstallation, isAnew: Bool
    ) async throws -> SHA256Digest {
        let source = PayloadDownload.Source(
            addresses: addresses, sizeBytes: offer.payloadSizeBytes, digest: offer.payloadDigest,
            credentials: identity.downloadCredentials)
        let download = PayloadDownload(
            web: web, source: source, limits: settings.downloadLimits, files: host.stateFiles, logger: logger)
        var fetch = PayloadFetch(download, onto: installation)
        fetch.giveSlotUp = { try await self.perform { $0.writingBegins() } }
        return try await fetch.run(isAnew: isAnew) { event in
            await self.follow(event, totalBytes: offer.payloadSizeBytes)
        }
    }

    private func follow(_ event: PayloadFetch.Event, totalBytes: UInt64) async {
        switch event {
        case .began(let offsetBytes):
            activity.state = .downloading
            activity.progress = .init(receivedBytes: offsetBytes, totalBytes: totalBytes)
            remember { $0.downloadStarted() }
            if case .at(let server) = identity.server { await sendReports(to: server) }
        case .received(let byteCount):
            activity.downloadedBytes += UInt64(byteCount)
            activity.progress?.receivedBytes += UInt64(byteCount)
        case .complete:
            activity.state = .verifying
            remember { $0.downloadFinished() }
        }
    }

    /// Records how an installation ended badly. What a bad connection or a stop interrupted goes on later.
    private func settle(_ error: any Error, of installation: SlotInstallation, offer: UpdateOffer) async {
        // The daemon is going down, or the disk is full of verified bits: the record says that it is under way.
        if Task.isCancelled || error is CancellationError { return }
        // It is installed and only waits to be activated, which is tried again: what was written stays.
        guard machine.phase == .installing else { return }
        if let error = error as? DownloadError {
            return fail(code: error.updateEngineCode, error.userMessage.text, canResume: true)
        }
        await installation.abandon()
        if let content = await installation.findings().heldContent {
            return remember { $0.installationHeld(contentDigest: content, payloadDigest: offer.payloadDigest) }
        }
        let code = (error as? InstallationError)?.updateEngineCode ?? 28
        fail(code: code, (error as? any UserFacingError)?.userMessage.text ?? "\(error)", canResume: false)
    }

    private func fail(code: Int, _ reason: String, canResume: Bool) {
        remember { [settings] in
            $0.installFailed(
                code: code, reason: reason, canResume: canResume, schedule: settings.schedule,
                now: UpdateEngine.wallClock)
        }
    }
}
