import PayloadInstaller
import Synchronization
import Testing

@Suite("Encoding side by side")
struct EncodingTests {
    @Test("as many steps begin as there are workers and memory for, in their order", arguments: [1, 2, 8, 64])
    func budget(workers: Int) throws {
        var random = Numbers(seed: UInt64(workers))
        let weights = (0..<400).map { _ in Int(random.next() % 40) }
        var queue = EncodingQueue(weights: weights, workersMax: workers, bytesMax: 100)
        var atWork: [Int] = []
        var held: [Int: Int] = [:]
        var (begun, taken) = (0, 0)
        while !queue.isDone {
            while let step = queue.begin() {
                #expect(step == begun)
                begun += 1
                atWork.append(step)
            }
            #expect(atWork.count <= workers)
            let weight = atWork.reduce(0) { $0 + weights[$1] } + held.values.reduce(0, +)
            #expect(weight <= 100)
            // No more could have begun.
            if begun < weights.count { #expect(atWork.count == workers || weight + weights[begun] > 100) }
            while let step = queue.take() {
                #expect(step == taken)
                #expect(held.removeValue(forKey: step) != nil)
                taken += 1
            }
            guard !atWork.isEmpty else { continue }
            let ended = atWork.remove(at: Int(random.next() % UInt64(atWork.count)))
            held[ended] = weights[ended] / 3
            queue.finish(ended, heldByteCount: weights[ended] / 3)
        }
        #expect(taken == weights.count)
    }

    @Test("a step that weighs more than the budget is at work alone, and all are done")
    func heavySteps() {
        var queue = EncodingQueue(weights: [10, 900, 900, 10], workersMax: 8, bytesMax: 100)
        #expect(queue.begin() == 0)
        #expect(queue.begin() == nil)
        queue.finish(0, heldByteCount: 10)
        #expect(queue.begin() == nil, "what was made is held until it is taken")
        #expect(queue.take() == 0)
        for step in 1...2 {
            #expect(queue.begin() == step)
            #expect(queue.begin() == nil)
            #expect(queue.take() == nil)
            queue.finish(step, heldByteCount: 0)
            #expect(queue.take() == step)
        }
        #expect(queue.begin() == 3)
        queue.finish(3, heldByteCount: 1)
        #expect(queue.take() == 3 && queue.isDone)
    }

    @Test("what was made comes in the order of the steps, and never more is at work than fits", arguments: [1, 3, 64])
    func pipeline(workers: Int) async throws {
        let encoder = SteppingEncoder()
        let pipeline = EncodingPipeline(encoder, workersMax: workers, bytesMax: 3_500)
        var made: [UInt8] = []
        try await pipeline.run((0..<200).map { $0 }) { step, operations throws(PayloadBuildError) in
            #expect(operations.map(\.blob) == [[UInt8(step)]])
            made += operations[0].blob
        }
        #expect(made == (0..<200).map { UInt8($0) })
        #expect((1...min(workers, 3)).contains(encoder.most.withLock { $0 }))
    }

    @Test("what a step or a taker throws ends the work", arguments: [0, 1, 17, 199])
    func failures(step: Int) async {
        let pipeline = EncodingPipeline(SteppingEncoder(failingAt: step), workersMax: 4, bytesMax: 3_500)
        await #expect(throws: PayloadBuildError.emptyImage(partition: "\(step)")) {
            try await pipeline.run((0..<200).map { $0 }) { taken, _ throws(PayloadBuildError) in
                #expect(taken < step)
            }
        }
        await #expect(throws: PayloadBuildError.blockSize(0)) {
            try await EncodingPipeline(SteppingEncoder()).run([1, 2, 3]) { _, _ throws(PayloadBuildError) in
                throw .blockSize(0)
            }
        }
    }
}

/// Each step weighs a thousand bytes and makes its own number.
private final class SteppingEncoder: StepEncoder {
    struct Made: EncodedOperation { let blob: [UInt8] }

    private let failingStep: Int?
    private let atWork = Mutex(0)
    /// How many were at work at once, at the most.
    let most = Mutex(0)

    init(failingAt step: Int? = nil) { failingStep = step }

    func workingByteCount(of step: Int) -> Int { 1_000 }

    func encode(_ step: Int) throws(PayloadBuildError) -> [Made] {
        let count = atWork.withLock { count in
            count += 1
            return count
        }
        most.withLock { $0 = max($0, count) }
        defer { atWork.withLock { $0 -= 1 } }
        if step == failingStep { throw .emptyImage(partition: "\(step)") }
        return [Made(blob: [UInt8(step)])]
    }
}

/// The same numbers for the same seed (SplitMix64).
private struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
