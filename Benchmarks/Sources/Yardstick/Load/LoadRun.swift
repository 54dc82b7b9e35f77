/// Many machines that check in over a few connections, as fast as the server answers.
///
/// One thread sends and receives for all of them, so that it leaves the processors to the server. Each connection tells
/// one machine's story to its end, then takes the next machine.
struct LoadRun {
    private let settings: LoadSettings
    private let script: StoryScript

    init(_ settings: LoadSettings) {
        self.settings = settings
        script = StoryScript(settings)
    }

    /// - Throws: When an answer is not what it must be: a fast wrong answer is no measurement.
    func measure() throws(YardstickError) -> LoadResult {
        var crowd = try Crowd(settings, script)
        let before = try ProcessUsage(of: settings.process)
        let clock = ContinuousClock()
        let start = clock.now
        let deadline = start + .seconds(settings.secondsMax)
        try crowd.begin(at: start)
        var after = before
        do throws(YardstickError) {
            while !crowd.isDone {
                guard clock.now < deadline else { throw .failed("not done after \(settings.secondsMax) s") }
                try crowd.proceed(clock)
            }
            after = try ProcessUsage(of: settings.process)
        } catch {
            // With a record the server is meant to die.
            if settings.record == nil { throw error }
            Output.complain("over: \(error.text)")
        }
        let seconds = (clock.now - start) / .seconds(1)
        if let record = settings.record { try Output.append(crowd.record, toFile: record) }
        return LoadResult(
            settings: settings, seconds: seconds, latencies: crowd.latencies.sorted(),
            processorSeconds: after.processorSeconds - before.processorSeconds, peakKibibytes: after.peakKibibytes)
    }
}

/// The machines that are talking now.
private struct Crowd: ~Copyable {
    private struct Talk {
        var machine: Int
        var step = 0
        var sentAt: ContinuousClock.Instant
    }

    /// One answer in so many is read as Omaha; of all of them the status is.
    private static let answersPerCheck = 16

    private let settings: LoadSettings
    private let script: StoryScript
    private var connections: [ConnectionBox]
    private var talks: [Talk?]
    private var readiness: Readiness
    private var storiesBegun = 0
    private var talking = 0
    /// In nanoseconds.
    private(set) var latencies: [Int64] = []
    /// The last step that each machine was answered, where that is recorded.
    private var told: [Int: Int] = [:]

    init(_ settings: LoadSettings, _ script: StoryScript) throws(YardstickError) {
        self.settings = settings
        self.script = script
        var connections: [ConnectionBox] = []
        for _ in 0..<min(settings.connections, settings.machines) {
            connections.append(ConnectionBox(try LoopbackConnection(port: settings.port)))
        }
        self.connections = connections
        talks = connections.map { _ in nil }
        readiness = Readiness(connections.map(\.descriptor))
        latencies.reserveCapacity(settings.machines * settings.rounds * script.steps.count)
    }

    var isDone: Bool { talking == 0 }

    /// A line for each machine: its id and the last step that was acknowledged, between tabs.
    var record: String {
        told.sorted { $0.key < $1.key }.map { machine, step in
            let digits = String(machine, radix: 16)
            return String(repeating: "0", count: 32 - digits.count) + digits + "\t\(step)\n"
        }.joined()
    }

    mutating func begin(at moment: ContinuousClock.Instant) throws(YardstickError) {
        for index in connections.indices { try beginStory(on: index, at: moment) }
    }

    /// Waits for answers and says what comes next.
    mutating func proceed(_ clock: ContinuousClock) throws(YardstickError) {
        let readable = readiness.wait(milliseconds: 5000)
        guard !readable.isEmpty else { throw .failed("the server did not answer for 5 s") }
        for index in readable {
            guard let answer = try connections[index].receive(), let talk = talks[index] else { continue }
            let now = clock.now
            latencies.append(Int64((now - talk.sentAt) / .nanoseconds(1)))
            try check(answer, script.steps[talk.step])
            if settings.record != nil { told[talk.machine] = talk.step }
            if talk.step + 1 < script.steps.count {
                talks[index]?.step += 1
                try send(on: index, at: now)
            } else {
                talking -= 1
                try beginStory(on: index, at: now)
            }
        }
    }

    private mutating func beginStory(on index: Int, at moment: ContinuousClock.Instant) throws(YardstickError) {
        guard storiesBegun < settings.machines * settings.rounds else {
            talks[index] = nil
            readiness.forget(index)
            return
        }
        talks[index] = Talk(machine: settings.firstMachine + storiesBegun % settings.machines, sentAt: moment)
        storiesBegun += 1
        talking += 1
        try send(on: index, at: moment)
    }

    private mutating func send(on index: Int, at moment: ContinuousClock.Instant) throws(YardstickError) {
        guard let talk = talks[index] else { return }
        talks[index]?.sentAt = moment
        try connections[index].send(script.steps[talk.step].request(ofMachine: talk.machine))
    }

    private func check(_ answer: LoopbackConnection.Answer, _ step: StoryScript.Step) throws(YardstickError) {
        let isRead = latencies.count % Self.answersPerCheck == 1
        guard answer.status == 200, !isRead || step.expectation.isMet(by: answer.body) else {
            let text = String(decoding: answer.body.prefix(400), as: UTF8.self)
            throw .failed("answered \(answer.status) where “\(step.expectation)” was expected: \(text)")
        }
    }
}

/// A connection that can stand in an array.
private final class ConnectionBox {
    private var connection: LoopbackConnection

    init(_ connection: consuming LoopbackConnection) { self.connection = connection }

    var descriptor: CInt { connection.descriptor }

    func send(_ request: [UInt8]) throws(YardstickError) { try connection.send(request) }

    func receive() throws(YardstickError) -> LoopbackConnection.Answer? { try connection.receive() }
}
