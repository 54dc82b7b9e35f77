import FleetModel
import FleetOperations
import Logging
import ServiceLifecycle
import UpdateModel

/// Once a minute probes the payloads that lie elsewhere, as far as they are due, and reads those again that changed.
struct MirrorKeeper: Service {
    let control: FleetControl
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await everyMinute { try await control.probePayloads() } }
                // Reading a large file takes its time; the others are probed meanwhile.
                group.addTask { await readAgain() }
                group.addTask { await everyMinute(remind) }
            }
        }
    }

    /// Begins each minute, also while a slow server holds up what began before: that is of one application, and the
    /// number of applications under way is bounded.
    private func readAgain() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                group.addTask { await once { try await control.readChangedPayloads() } }
                try? await Task.sleep(for: .seconds(60))  // Throws only when cancelled; the loop sees that.
            }
        }
    }

    private func once(_ work: @Sendable () async throws -> [ProbeOutcome]) async {
        do {
            for outcome in try await work() { tell(outcome) }
        } catch {
            guard !Task.isCancelled else { return }  // The server stops.
            logger.warning(
                "Could not look at payloads elsewhere",
                metadata: ["error": "\((error as? any UserFacingError)?.userMessage.line ?? "\(error)")"])
        }
    }

    private func everyMinute(_ work: @Sendable () async throws -> [ProbeOutcome]) async {
        while !Task.isCancelled {
            await once(work)
            try? await Task.sleep(for: .seconds(60))  // Throws only when cancelled; the loop sees that.
        }
    }

    private func tell(_ outcome: ProbeOutcome) {
        var metadata = Self.metadata(outcome.payload)
        metadata["payload.url"] = "\(outcome.url)"
        guard let trouble = outcome.trouble else {
            return logger.info("A payload elsewhere can be had again", metadata: metadata)
        }
        metadata["error"] = "\(trouble.text)"
        logger.warning("A payload elsewhere is not offered", metadata: metadata)
    }

    /// Alarms are told every minute while they stand.
    private func remind() async throws -> [ProbeOutcome] {
        let page = try await control.payloadsElsewhere(of: nil, PageRequest(limit: Self.remindersMaximum), by: .server)
        for payload in page.items where !payload.isAvailable {
            var metadata = Self.metadata(payload)
            metadata["error"] = "\(payload.mirrors.compactMap(\.trouble).first?.text ?? "")"
            logger.error("A payload lies elsewhere and cannot be had; machines wait for it", metadata: metadata)
        }
        return []
    }

    private static let remindersMaximum = 20

    private static func metadata(_ payload: Payload) -> Logger.Metadata {
        [
            "application.id": "\(payload.application)", "release.version": "\(payload.version)",
            "payload.architecture": "\(payload.architecture)",
        ]
    }
}
