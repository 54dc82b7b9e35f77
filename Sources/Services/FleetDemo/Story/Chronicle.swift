import UpdateModel

/// A step of the story, and whether it came true.
struct StepResult: Hashable, Sendable, Codable {
    var name: String
    var passed: Bool
    var seconds: Double
    /// What was found, in words.
    var detail: String?
}

/// Tells the steps one after another and writes down how each ended.
actor Chronicle {
    private let screen: Screen
    private(set) var steps: [StepResult] = []
    /// The fleet as it was last seen, for the summary.
    private(set) var machines: [MachineSummary] = []
    private(set) var page: String?
    /// The story was told to its end, and every step of it came true.
    private(set) var isTold = false

    init(screen: Screen) { self.screen = screen }

    /// Performs a step; `body` returns what the next steps need, and what was found, in words.
    func step<Value: Sendable>(
        _ name: String, _ body: @Sendable () async throws -> (Value, detail: String?)
    ) async throws -> Value {
        let began = ContinuousClock.now
        await screen.begin(name)
        do {
            let (value, detail) = try await body()
            await end(StepResult(name: name, passed: true, seconds: seconds(since: began), detail: detail))
            return value
        } catch {
            // A step that was interrupted has neither come true nor failed.
            if !(error is CancellationError) {
                let detail = (error as? any UserFacingError)?.userMessage.line ?? "\(error)"
                await end(StepResult(name: name, passed: false, seconds: seconds(since: began), detail: detail))
            }
            throw error
        }
    }

    func remember(_ machines: [MachineSummary], page: String) {
        self.machines = machines
        self.page = page
    }

    func storyEnds() { isTold = true }

    /// What happened so far, told to its end or not.
    func summary(seconds: Double) -> Summary {
        Summary(passed: isTold, machines: machines, steps: steps, seconds: seconds.toTheMillisecond, page: page)
    }

    private func end(_ step: StepResult) async {
        steps.append(step)
        await screen.finish(
            step.name, detail: step.passed ? step.detail : nil, seconds: step.seconds, passed: step.passed)
    }

    private func seconds(since began: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - began).inSeconds.toTheMillisecond
    }
}
