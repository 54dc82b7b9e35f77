package import NIOCore

/// Whether the bytes of a file go on coming fast enough. Each stretch of ``FetchLimits/patience`` is measured for
/// itself: a server that was fast at first has no credit to be slow on.
package struct FetchPace {
    private let limits: FetchLimits
    private let start: NIODeadline
    private var stretchStart: NIODeadline
    /// Bytes that came since.
    private var received = 0

    /// - Parameters:
    ///   - start: when the file was asked for.
    ///   - answer: when the head of the answer was there.
    package init(_ limits: FetchLimits, start: NIODeadline, answer: NIODeadline) {
        self.limits = limits
        self.start = start
        stretchStart = answer
    }

    /// - Throws: ``TooSlow`` and ``TooLong``.
    package mutating func take(_ byteCount: Int, at moment: NIODeadline) throws {
        guard moment - start <= limits.whole else { throw TooLong() }
        received += byteCount
        let elapsed = moment - stretchStart
        guard elapsed > limits.patience else { return }
        guard Double(received) >= Double(limits.leastRate) * Double(elapsed.nanoseconds) / 1e9 else { throw TooSlow() }
        (stretchStart, received) = (moment, 0)
    }
}

/// Bytes come, but so few that waiting for them all would hold up others.
package struct TooSlow: Error {}

/// However fast bytes come, they do not come to an end.
package struct TooLong: Error {}
