import Logging

/// What is left to do about the present boot, and when it is tried again where disk or boot loader refuse.
struct BootSettlement {
    enum Step: Hashable, Sendable {
        /// Work out what happened since the record was written; run the health gate where the boot is on trial.
        case start
        /// The checks have passed, and the boot loader is told.
        case confirm
    }

    private static let pauseMin = Duration.milliseconds(500)
    private static let pauseMax = Duration.seconds(300)

    var step = Step.start
    /// `nil` once everything is done.
    private(set) var notBefore: ContinuousClock.Instant?
    private var pause = pauseMin

    init(now: ContinuousClock.Instant) { self.notBefore = now }

    func isDue(_ now: ContinuousClock.Instant) -> Bool { notBefore.map { $0 <= now } ?? false }

    mutating func end() { notBefore = nil }

    /// After a failure: each pause is twice as long as the one before.
    mutating func postpone(_ now: ContinuousClock.Instant) {
        notBefore = now + pause
        pause = min(pause * 2, Self.pauseMax)
    }

    /// For the log.
    var failure: Logger.Message {
        switch step {
        case .start: "The state of this boot could not be settled"
        case .confirm: "The boot loader could not be told that this boot is good"
        }
    }
}
