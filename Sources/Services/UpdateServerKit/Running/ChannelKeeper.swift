import FleetModel
import FleetOperations
import Logging
import ServiceLifecycle
import UpdateModel

/// Once a minute looks at channels that follow others. It goes its own way, because a release whose payloads lie
/// elsewhere takes as long to be read again as those servers give it. It begins each minute, also while one application's
/// payloads are being read.
struct ChannelKeeper: Service {
    let control: FleetControl
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled {
                    group.addTask { await follow() }
                    try? await Task.sleep(for: .seconds(60))  // Throws only when cancelled; the loop sees that.
                }
            }
        }
    }

    private func follow() async {
        do {
            try await control.followChannels(tell: tell)
        } catch {
            guard !Task.isCancelled else { return }  // The server stops.
            logger.warning("Could not look at the channels", metadata: ["error": "\(error.userMessage.line)"])
        }
    }

    private func tell(_ outcome: FollowOutcome) {
        var metadata: Logger.Metadata = [
            "application.id": "\(outcome.application)", "channel.name": "\(outcome.channel)",
        ]
        switch outcome.result {
        case .success(let version):
            metadata["release.version"] = "\(version)"
            logger.info("A channel followed another", metadata: metadata)
        case .failure(let error):
            metadata["error"] = "\(error.userMessage.line)"
            logger.error("A channel could not follow another; it is tried again in an hour", metadata: metadata)
        }
    }
}
