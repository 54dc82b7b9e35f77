/// Puts steps that work on one partition into an order in which none overwrites what a later one reads.
///
/// Where steps wait for one another in a ring, the smallest of the ring gives up reading: its blocks are said anew.
struct InPlaceOrder {
    private var steps: [InPlaceStep]
    /// For each step, those that overwrite what it reads. They come after it.
    private var followers: [[Int]]
    /// The same, the other way round.
    private var readers: [[Int]]
    /// How many readers of each step have not come yet.
    private var waiting: [Int]
    private var isPlaced: [Bool]

    /// - Parameter steps: No two write one block.
    init(_ steps: [InPlaceStep]) {
        self.steps = steps
        followers = Array(repeating: [], count: steps.count)
        readers = followers
        waiting = Array(repeating: 0, count: steps.count)
        isPlaced = Array(repeating: false, count: steps.count)
        let writers = Self.writers(steps)
        // The last reader that was noted for a step, so that each is noted once.
        var noted = Array(repeating: -1, count: steps.count)
        for (reader, step) in steps.enumerated() {
            for span in step.source {
                for block in span.start..<min(span.end, writers.count) {
                    let writer = Int(writers[block])
                    guard writer >= 0, writer != reader, noted[writer] != reader else { continue }
                    noted[writer] = reader
                    followers[reader].append(writer)
                    readers[writer].append(reader)
                    waiting[writer] += 1
                }
            }
        }
    }

    /// For each block the step that writes it, negative for none.
    private static func writers(_ steps: [InPlaceStep]) -> [Int32] {
        let blockCount = steps.flatMap(\.target).map(\.end).max() ?? 0
        var writers = [Int32](repeating: -1, count: blockCount)
        for (index, step) in steps.enumerated() {
            for span in step.target {
                for block in span.start..<span.end { writers[block] = Int32(index) }
            }
        }
        return writers
    }

    mutating func ordered() -> [InPlaceStep] {
        var ordered: [InPlaceStep] = []
        var ready = steps.indices.filter { waiting[$0] == 0 }
        var used = 0
        var firstLeft = 0
        while ordered.count < steps.count {
            while used < ready.count {
                let next = ready[used]
                used += 1
                isPlaced[next] = true
                ordered.append(steps[next])
                ready += release(next)
            }
            while firstLeft < steps.count, isPlaced[firstLeft] { firstLeft += 1 }
            guard firstLeft < steps.count else { break }
            let freed = smallest(of: ring(from: firstLeft))
            steps[freed].readNothing()
            ready += release(freed)
        }
        return ordered
    }

    /// Nobody has to wait for `reader` any more.
    /// - Returns: Those that now wait for nobody.
    private mutating func release(_ reader: Int) -> [Int] {
        var free: [Int] = []
        for follower in followers[reader] {
            waiting[follower] -= 1
            if waiting[follower] == 0 { free.append(follower) }
        }
        followers[reader] = []
        return free
    }

    /// Steps of which each waits for the next, and the last for the first. All that is left waits for something.
    private func ring(from start: Int) -> [Int] {
        var places: [Int: Int] = [:]
        var path: [Int] = []
        var step = start
        while places[step] == nil {
            places[step] = path.count
            path.append(step)
            guard let next = readers[step].first(where: { !followers[$0].isEmpty }) else {
                preconditionFailure("A step that waits for nobody was not ready.")
            }
            step = next
        }
        return Array(path[(places[step] ?? 0)...])
    }

    private func smallest(of ring: [Int]) -> Int {
        // A ring is never empty.
        ring.min { steps[$0].target.blockCount < steps[$1].target.blockCount } ?? ring[0]
    }
}
