internal import FleetModel
internal import FleetStorage
internal import UpdateModel

/// What a policy may say. Each refusal names the part and what it must be.
struct PolicyCheck {
    let zones: any ZoneDirectory

    private static let yearSeconds: Int64 = 31_536_000
    /// Bytes a second.
    private static let downloadRates: ClosedRange<UInt64> = 1000...1_000_000_000_000

    func check(_ policy: RolloutPolicy) throws(OperationError) {
        if let limit = policy.maximumInProgress, limit < 0 {
            throw .invalid("The limit in progress cannot be negative.", hint: "0 offers nothing.")
        }
        if let count = policy.stopAfterFailures, count < 1 {
            throw .invalid("A roll-out can stop after 1 or more failures.", hint: nil)
        }
        try checkDeadlines(policy)
        if let ramp = policy.ramp { try check(ramp) }
        if let rate = policy.rate { try check(rate) }
        if let rate = policy.downloadBytesPerSecond, !Self.downloadRates.contains(rate) {
            throw .invalid("A group's download budget is 1 kB/s to 1 TB/s.", hint: "Leave it out for no limit.")
        }
        if let canary = policy.canary { try check(canary) }
        if let order = policy.after { try check(order) }
        try check(policy.windows)
        try check(policy.brakes)
        if let minimum = policy.minimumVersion, minimum.semantic == nil {
            throw .invalid(
                "\(minimum) cannot be a minimum: no machine can be told to be below or above it.",
                hint: "It follows Semantic Versioning, such as 2.0.0.")
        }
    }

    private func checkDeadlines(_ policy: RolloutPolicy) throws(OperationError) {
        let seconds = PerStage.stages.compactMap { policy.stageDeadlines[$0] }.map { Int64($0) }
        for seconds in seconds + [policy.stageDeadlineSeconds] where !(60...Self.yearSeconds).contains(seconds) {
            throw .invalid("A stage's deadline is between 60 seconds and one year.", hint: nil)
        }
    }

    private func check(_ ramp: Ramp) throws(OperationError) {
        switch ramp {
        case .linear(let seconds):
            guard (1...Self.yearSeconds).contains(seconds) else {
                throw .invalid("A ramp takes from 1 second to one year.", hint: "Leave it out to offer to all at once.")
            }
        case .steps(let steps):
            guard (1...100).contains(steps.count) else {
                throw .invalid("A ramp has from 1 to 100 steps.", hint: nil)
            }
            guard
                steps.allSatisfy({ (0...Self.yearSeconds).contains($0.afterSeconds) && (0...100).contains($0.percent) })
            else {
                throw .invalid("A step is within a year after the beginning, and has 0 to 100 %.", hint: nil)
            }
            for (step, next) in zip(steps, steps.dropFirst())
            where next.afterSeconds <= step.afterSeconds || next.percent < step.percent {
                throw .invalid(
                    "The ramp goes back: \(step.percent) % after \(step.afterSeconds) s, then \(next.percent) % after "
                        + "\(next.afterSeconds) s.", hint: "Each step is later and has no less than the one before.")
            }
        }
    }

    private func check(_ rate: GrantRate) throws(OperationError) {
        guard rate.maximum >= 1, (1...Self.yearSeconds).contains(rate.seconds) else {
            throw .invalid("A rate is 1 or more machines within 1 second to one year.", hint: nil)
        }
    }

    private func check(_ canary: Canary) throws(OperationError) {
        guard (1...100_000).contains(canary.size), (0...Self.yearSeconds).contains(canary.soakSeconds) else {
            throw .invalid("1 to 100000 machines try a release first, for at most one year.", hint: nil)
        }
    }

    private func check(_ order: GroupOrder) throws(OperationError) {
        guard (1...100).contains(order.percent), (0...Self.yearSeconds).contains(order.soakSeconds) else {
            throw .invalid(
                "The group that goes first is done at 1 to 100 %, and soaks for at most one year.", hint: nil)
        }
    }

    private func check(_ windows: [OfferWindow]) throws(OperationError) {
        guard windows.count <= 32 else { throw .invalid("A group has at most 32 offer windows.", hint: nil) }
        for window in windows {
            guard (0...1439).contains(window.fromMinute), (1...1440).contains(window.toMinute) else {
                throw .invalid("The window “\(window)” has hours outside the day.", hint: "Use 00:00 to 24:00.")
            }
            guard zones.rules(of: window.zone) != nil else {
                throw .invalid(
                    "This server knows no time zone “\(window.zone)”.",
                    hint: "Use UTC or a name like Europe/Berlin; the server needs the package tzdata for names.")
            }
        }
    }

    private func check(_ brakes: Brakes) throws(OperationError) {
        if let percent = brakes.failurePercent, !(1...100).contains(percent) {
            throw .invalid("The share of failures that stops is 1 to 100 %.", hint: nil)
        }
        guard (1...1_000_000).contains(brakes.failureSample) else {
            throw .invalid("The share of failures counts from 1 to 1000000 machines on.", hint: nil)
        }
        let counts = PerStage.stages.compactMap { brakes.timeOuts[$0] } + [brakes.silent].compactMap { $0 }
        for count in counts where count < 1 {
            throw .invalid("A brake acts at 1 or more machines.", hint: "Leave it out for never.")
        }
        guard (300...Self.yearSeconds).contains(brakes.silenceSeconds) else {
            throw .invalid("A machine is silent after 300 seconds to one year.", hint: nil)
        }
    }
}
