/// Says which of some steps may be at work together. It starts nothing itself.
///
/// Steps begin and are taken in their order. A step weighs what encoding it takes in memory; from its end until it is
/// taken, what it made. Another one begins only where all of that stays within a budget, so that many processors make
/// the work faster, but not larger. One step always may begin, however much it weighs.
package struct EncodingQueue {
    /// The budget, in bytes: three quarters of the 2 GiB that making a payload may take. The rest is for what a program
    /// has beside it, and for what the system's allocator loses between the pieces.
    package static let bytesMax = 3 << 29

    private let weights: [Int]
    private let workersMax: Int
    private let bytesMax: Int
    private var begunCount = 0
    private var takenCount = 0
    private var workerCount = 0
    private var usedByteCount = 0
    /// What the steps weigh that have ended and were not taken yet.
    private var ended: [Int: Int] = [:]

    /// - Parameters:
    ///   - weights: Of each step, in bytes.
    ///   - workersMax: How many steps may be at work at once.
    ///   - bytesMax: What those at work and those that wait to be taken may weigh together.
    package init(weights: [Int], workersMax: Int, bytesMax: Int) {
        self.weights = weights
        self.workersMax = workersMax
        self.bytesMax = bytesMax
    }

    /// Whether every step was taken.
    package var isDone: Bool { takenCount == weights.count }

    /// The next step, if it may begin now.
    package mutating func begin() -> Int? {
        guard begunCount < weights.count else { return nil }
        let weight = weights[begunCount]
        let fits = workerCount < workersMax && usedByteCount + weight <= bytesMax
        guard fits || begunCount == takenCount else { return nil }
        defer { begunCount += 1 }
        workerCount += 1
        usedByteCount += weight
        return begunCount
    }

    /// A step has ended.
    /// - Parameter heldByteCount: What it weighs from now on.
    package mutating func finish(_ step: Int, heldByteCount: Int) {
        workerCount -= 1
        usedByteCount += heldByteCount - weights[step]
        ended[step] = heldByteCount
    }

    /// The next step in order, if it has ended; from now on it weighs nothing.
    package mutating func take() -> Int? {
        guard let weight = ended.removeValue(forKey: takenCount) else { return nil }
        defer { takenCount += 1 }
        usedByteCount -= weight
        return takenCount
    }
}
