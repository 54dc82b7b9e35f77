import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import OmahaProtocol

/// Drives fake machines against a server: so many exchanges at once, each machine one after the other.
struct FleetRunner: Sendable {
    let settings: FleetRunSettings
    let client: FleetClient
    let progress: TurnProgress

    private static let answerByteCountMax = 1 << 20
    private static let timeLimit = TimeAmount.seconds(60)

    /// What one part of the fleet lived through.
    private struct Part {
        var summary = FleetRunSummary()
        var latencies: [Float] = []
        var failure: String?
    }

    /// - Throws: ``ClientError/unreachable(server:reason:)`` where nothing was answered at all.
    func run() async throws -> FleetRunSummary {
        let start = ContinuousClock.now
        let count = min(settings.concurrency, settings.machines)
        let parts = try await withThrowingTaskGroup(of: Part.self) { tasks in
            for worker in 0..<count { tasks.addTask { try await self.part(worker, of: count) } }
            return try await tasks.reduce(into: [Part]()) { $0.append($1) }
        }
        progress.finish()
        var summary = parts.reduce(into: FleetRunSummary()) { $0.add($1.summary) }
        let answers = summary.exchanges + summary.refused + summary.serverErrors
        if answers == 0, let reason = parts.lazy.compactMap(\.failure).first {
            throw ClientError.unreachable(server: client.server, reason: reason)
        }
        summary.setLatencies(parts.flatMap(\.latencies))
        summary.seconds = (ContinuousClock.now - start) / .seconds(1)
        summary.seed = settings.seed
        return summary
    }

    private func part(_ worker: Int, of count: Int) async throws -> Part {
        var machines = stride(from: worker, to: settings.machines, by: count).map { number in
            FakeMachine(number: number, kind: settings.kind(of: number), settings: settings)
        }
        var part = Part()
        for turn in 0..<settings.turns {
            let next = ContinuousClock.now + settings.interval
            for index in machines.indices {
                if let message = machines[index].request() {
                    try await exchange(message, of: &machines[index], in: &part)
                }
                progress.advance()
            }
            if turn + 1 < settings.turns { try await Task.sleep(until: next, clock: .continuous) }
        }
        for machine in machines { part.summary.add(machine) }
        return part
    }

    private func exchange(_ message: FakeMachine.Message, of machine: inout FakeMachine, in part: inout Part)
        async throws
    {
        var request = HTTPClientRequest(url: client.server + "/v1/update/")
        request.method = .POST
        request.headers = ["Content-Type": "text/xml", "User-Agent": "martlet-fleet"]
        switch message {
        case .omaha(let omaha): request.body = .bytes(omaha.xml())
        case .bytes(let bytes): request.body = .bytes(bytes)
        }
        let start = ContinuousClock.now
        do {
            let response = try await client.http.execute(request, timeout: Self.timeLimit)
            let body = try await response.body.collect(upTo: Self.answerByteCountMax)
            part.latencies.append(Float((ContinuousClock.now - start) / .milliseconds(1)))
            switch response.status.code {
            case 200..<300: try take(OmahaResponse(xml: body.readableBytesView), machine: &machine, &part)
            case 400..<500: part.summary.refused += 1
            default: part.summary.serverErrors += 1
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            // A machine tries again at its next turn; what is broken for all of them is told at the end.
            part.summary.broken += 1
            part.failure = ConnectionFailure.words(for: error)
        }
    }

    private func take(_ answer: OmahaResponse, machine: inout FakeMachine, _ part: inout Part) {
        part.summary.exchanges += 1
        if let app = answer.apps.first { machine.hear(app) }
    }
}

extension FleetRunSummary {
    /// Adds what another part of the fleet lived through.
    mutating func add(_ other: FleetRunSummary) {
        machines += other.machines
        exchanges += other.exchanges
        refused += other.refused
        serverErrors += other.serverErrors
        broken += other.broken
        versions.merge(other.versions, uniquingKeysWith: +)
        holds.merge(other.holds, uniquingKeysWith: +)
        kinds.merge(other.kinds) { mine, theirs in
            Kind(
                machines: mine.machines + theirs.machines, offers: mine.offers + theirs.offers,
                updates: mine.updates + theirs.updates, failures: mine.failures + theirs.failures)
        }
    }
}
