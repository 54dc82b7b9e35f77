import ContentTrust
import EngineControl
import Logging
import PayloadInstaller
import UpdateLogic
import UpdateModel

extension UpdateEngine {
    /// Brings an accepted offer onto the slot: fetched, written, verified, activated.
    /// - Throws: what ended it; the server has been told, or will be.
    func install(_ offer: UpdateOffer, urls: [String], into slot: Slot, isForced: Bool) async throws {
        let plan = SlotInstallation.Plan(
            offer: offer, slot: slot, keys: try TrustedKeys(paths: [settings.keyDirectory]),
            held: isForced ? [] : machine.record.held, folder: settings.stateDirectory)
        try await perform { $0.offerAccepted(offer, into: slot) }
        guard machine.phase == .installing else { return }
        logger.notice("Installing", metadata: ["release.version": "\(offer.version)", "slot.name": "\(slot)"])
        let installation = SlotInstallation(plan, host: host)
        do {
            let contentDigest = try await transfer(offer, urls: urls, to: installation)
            try remember { $0.downloadFinished() }
            try await perform { $0.installed(contentDigest: contentDigest) }
            logger.notice("Installed", metadata: ["release.version": "\(offer.version)", "slot.name": "\(slot)"])
        } catch {
            try settle(error, of: installation, offer: offer)
            throw error
        }
    }

    private func transfer(
        _ offer: UpdateOffer, urls: [String], to installation: SlotInstallation
    ) async throws -> SHA256Digest {
        activity.state = .downloading
        var received = try await installation.begin()
        activity.progress = .init(receivedBytes: received, totalBytes: offer.payloadSizeBytes)
        var download = PayloadDownload(
            http: http, urls: urls, sizeBytes: offer.payloadSizeBytes, settings: settings, logger: logger)
        try await download.run(from: received) {
            try remember { $0.downloadStarted() }
            if let server = identity.server { await sendReports(to: server) }
        } sink: { bytes in
            try await installation.consume(bytes)
            received += UInt64(bytes.count)
            activity.downloadedBytes += UInt64(bytes.count)
            activity.progress?.receivedBytes = received
        }
        activity.state = .verifying
        return try await installation.finish()
    }

    /// Records how an installation ended badly. What a bad connection or a stop interrupted goes on later.
    private func settle(_ error: any Error, of installation: SlotInstallation, offer: UpdateOffer) throws {
        switch error {
        case is CancellationError:
            return  // The daemon is going down; the record says that an installation is under way.
        case let error as DownloadError:
            let canResume = error.isWorthRepeating
            if !canResume { installation.abandon() }
            try remember {
                $0.installFailed(
                    code: error.updateEngineCode, reason: error.userMessage.text, canResume: canResume)
            }
        case _ where installation.heldContent != nil:
            installation.abandon()
            guard let content = installation.heldContent else { return }
            try remember { $0.installationHeld(contentDigest: content, payloadDigest: offer.payloadDigest) }
        default:
            installation.abandon()
            let code = (error as? InstallationError)?.updateEngineCode ?? 28
            let text = (error as? any UserFacingError)?.userMessage.text ?? "\(error)"
            try remember { $0.installFailed(code: code, reason: text, canResume: false) }
        }
    }
}
