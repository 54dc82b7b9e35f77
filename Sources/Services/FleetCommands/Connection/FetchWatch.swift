import FleetAPI
import NIOCore
import UpdateModel

/// Lets the server fetch a payload, and shows how far it is.
struct FetchWatch: Sendable {
    let client: FleetClient
    /// Where the payload will be.
    let payload: APIPath
    /// Where the server is asked to fetch it, and says how far it is.
    let path: APIPath
    let isQuiet: Bool

    /// How often in a row the server may not be reached, after the connection broke.
    private static let failuresMaximum = 3

    /// A proxy may lose its patience before the server is done; the server goes on, and so does this.
    func add(_ new: NewPayloadElsewhere) async throws -> PayloadResource {
        do {
            return try await ask(new)
        } catch let error as ClientError where error.mayHaveBeenHeard {
            try await waitForEnd(after: error)
            return try await added(new)
        }
    }

    private func ask(_ new: NewPayloadElsewhere) async throws -> PayloadResource {
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
        var meter = FetchMeter(isQuiet: isQuiet)
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            if let state = try? await client.get(path, as: FetchState.self) { meter.show(state) }
        }
        meter.finish()
    }

    /// Until the server fetches the payload no more.
    /// - Throws: `error` where it cannot be asked.
    private func waitForEnd(after error: ClientError) async throws {
        var meter = FetchMeter(isQuiet: isQuiet)
        defer { meter.finish() }
        var failures = 0
        while true {
            do {
                let state = try await client.get(path, as: FetchState.self)
                if state.url == nil { return }
                meter.show(state)
                failures = 0
            } catch let again as ClientError where again.mayHaveBeenHeard {
                failures += 1
                if failures == Self.failuresMaximum { throw error }
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// The payload, where what was asked for has come to its release.
    private func added(_ new: NewPayloadElsewhere) async throws -> PayloadResource {
        do {
            let found = try await client.get(payload, as: PayloadResource.self)
            let isAsked = found.mirrors?.map(\.url) == new.urls && new.sha256 ?? found.sha256 == found.sha256
            if isAsked { return found }
        } catch ClientError.refused(status: 404, _) {}
        throw ClientError.fetchLost(server: client.server)
    }
}

/// Shows how far a fetch is: each place where the payload lies is read in turn.
private struct FetchMeter {
    let isQuiet: Bool
    private var shown: (url: PayloadURL, progress: Progress)?

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    mutating func show(_ state: FetchState) {
        guard let url = state.url, let size = state.size else { return }
        if shown?.url != url {
            shown?.progress.finish()
            shown = (url, Progress(total: size, isQuiet: isQuiet, verb: "fetched"))
        }
        shown?.progress.advance(to: state.received)
    }

    func finish() { shown?.progress.finish() }
}

extension ClientError {
    /// Whether the server may be doing what it was asked for, though its answer did not come.
    fileprivate var mayHaveBeenHeard: Bool {
        switch self {
        case .unreachable, .gateway: true
        default: false
        }
    }
}
