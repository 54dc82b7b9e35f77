package import FleetAPI
package import UpdateModel

/// Lets the server fetch a payload, and shows how far it is.
package struct FetchWatch: Sendable {
    private let client: FleetClient
    private let payload: APIPath
    private let path: APIPath
    private let isQuiet: Bool
    private let pause: @Sendable () async throws -> Void

    /// How often in a row the server may not be reached, after the connection broke.
    private static let failuresMaximum = 3

    /// - Parameters:
    ///   - payload: where it will be. Below that the server is asked to fetch it, and says how far it is.
    ///   - source: for a delta, the version that it starts from.
    ///   - pause: waits before the server is asked again.
    package init(
        client: FleetClient, payload: APIPath, source: Version?, isQuiet: Bool,
        pause: @escaping @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(1)) }
    ) {
        self.client = client
        self.payload = payload.with("source", source?.text)
        self.path = payload.below("elsewhere").with("source", source?.text)
        self.isQuiet = isQuiet
        self.pause = pause
    }

    /// A proxy may lose its patience before the server is done; the server goes on, and so does this.
    package func add(_ new: NewPayloadElsewhere) async throws -> PayloadResource {
        do {
            return try await ask(new)
        } catch let error as ClientError where error.mayHaveBeenHeard {
            try await waitForEnd(after: error)
            return try await added(new)
        }
    }

    private func ask(_ new: NewPayloadElsewhere) async throws -> PayloadResource {
        try await withThrowingTaskGroup(of: PayloadResource?.self) { group in
            group.addTask { try await client.send(.post, path, new) }
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
        while (try? await pause()) != nil {
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
            try await pause()
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
