import FleetAPI
import NIOCore
import UpdateModel

/// Lets the server fetch a payload, and shows how far it is.
struct FetchWatch: Sendable {
    let client: FleetClient
    let path: APIPath
    let isQuiet: Bool

    func add(_ new: NewPayloadElsewhere) async throws -> PayloadResource {
        try await withThrowingTaskGroup(of: PayloadResource?.self) { group in
            group.addTask { try await client.send(.post, path, new, timeout: .hours(24)) }
            if !isQuiet {
                group.addTask {
                    await watch()
                    return nil
                }
            }
            defer { group.cancelAll() }
            while let payload = try await group.next() {
                if let payload { return payload }
            }
            throw CancellationError()
        }
    }

    /// Until it is cancelled. What cannot be shown hurts nobody.
    private func watch() async {
        var shown: (url: PayloadURL, progress: Progress)?
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            guard let state = try? await client.get(path, as: FetchState.self), let url = state.url,
                let size = state.size
            else { continue }
            if shown?.url != url {
                shown?.progress.finish()
                shown = (url, Progress(total: size, isQuiet: isQuiet, verb: "fetched"))
            }
            shown?.progress.advance(to: state.received)
        }
        shown?.progress.finish()
    }
}
