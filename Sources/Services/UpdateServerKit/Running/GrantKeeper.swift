import FleetOperations
import Logging
import ServiceLifecycle
import UpdateModel

/// Frees, once a minute, the places of machines that fell silent, so that counters are right even where nobody asks.
struct GrantKeeper: Service {
    let control: FleetControl
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await free()
                try? await Task.sleep(for: .seconds(60))  // Throws only when cancelled; the loop sees that.
            }
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
}
