import FleetModel
import FleetOperations
import Logging
import ServiceLifecycle
import UpdateModel

/// Once a minute frees the places of machines that fell silent, so that counters are right even where nobody asks, and
/// looks at the clock and at uploads that nobody takes up.
struct GrantKeeper: Service {
    let control: FleetControl
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await lookAround()
                await free()
                await tidy()
                try? await Task.sleep(for: .seconds(60))  // Throws only when cancelled; the loop sees that.
            }
        }
    }

    /// Alarms are told every minute while they stand.
    private func lookAround() async {
        if let alarm = control.clockAlarm {
            logger.error(
                "The clock jumped; nothing is offered until it is right or accepted",
                metadata: ["clock.jump": "\(alarm.jumpSeconds) s", "clock.at": "\(alarm.at)"])
        }
        if let alarm = control.admissionAlarm {
            logger.error(
                "More new machines come than are taken in",
                metadata: ["check.refused": "\(alarm.refusals)", "admit.until": "\(alarm.until)"])
        }
        do { try await control.keepClock() } catch {
            logger.warning("Could not note the clock", metadata: ["error": "\(error.userMessage.line)"])
        }
    }

    private func free() async {
        do {
            let count = try await control.expireGrants()
            if count > 0 { logger.info("Freed the places of silent machines", metadata: ["machine.count": "\(count)"]) }
        } catch {
            logger.warning("Could not free places", metadata: ["error": "\(error.userMessage.line)"])
        }
    }

    private func tidy() async {
        do {
            let count = try await control.removeOldUploads()
            if count > 0 { logger.info("Removed uploads that nobody took up", metadata: ["upload.count": "\(count)"]) }
        } catch {
            logger.warning("Could not remove old uploads", metadata: ["error": "\(error.userMessage.line)"])
        }
    }
}
