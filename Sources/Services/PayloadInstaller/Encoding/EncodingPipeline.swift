internal import FoundationEssentials

/// Makes the operations of one step, a part of the work on an image that can be done by itself.
package protocol StepEncoder: Sendable {
    associatedtype Step: Sendable
    associatedtype Encoded: EncodedOperation

    /// The memory that ``encode(_:)`` takes at the most, in bytes.
    func workingByteCount(of step: Step) -> Int

    func encode(_ step: Step) throws(PayloadBuildError) -> [Encoded]
}

/// An operation without its place in the payload.
package protocol EncodedOperation: Sendable {
    var blob: [UInt8] { get }
}

/// Encodes steps side by side, and hands on what they make in their order, whatever the number of processors.
package struct EncodingPipeline<Encoder: StepEncoder>: Sendable {
    private let encoder: Encoder
    private let workersMax: Int
    private let bytesMax: Int

    /// - Parameters: As those of ``EncodingQueue``. One worker more than there are processors, so that none of them
    ///   waits while a result is stored.
    package init(
        _ encoder: Encoder, workersMax: Int = ProcessInfo.processInfo.activeProcessorCount + 1,
        bytesMax: Int = EncodingQueue.bytesMax
    ) {
        self.encoder = encoder
        self.workersMax = workersMax
        self.bytesMax = bytesMax
    }

    /// - Parameter take: Given each step with what was made of it, in the order of `steps`.
    /// - Throws: What an encoder or `take` throws, once what is at work has ended.
    package func run(
        _ steps: [Encoder.Step], take: (Encoder.Step, [Encoder.Encoded]) throws(PayloadBuildError) -> Void
    ) async throws(PayloadBuildError) {
        typealias Made = Result<[Encoder.Encoded], PayloadBuildError>
        var queue = EncodingQueue(
            weights: steps.map(encoder.workingByteCount), workersMax: workersMax, bytesMax: bytesMax)
        var waiting: [Int: [Encoder.Encoded]] = [:]
        let outcome: Result<Void, PayloadBuildError> = await withTaskGroup(of: (index: Int, made: Made).self) { group in
            do throws(PayloadBuildError) {
                while !queue.isDone {
                    while let index = queue.begin() {
                        let (encoder, step) = (encoder, steps[index])
                        group.addTask {
                            (index, Made { () throws(PayloadBuildError) in try encoder.encode(step) })
                        }
                    }
                    if let index = queue.take(), let made = waiting.removeValue(forKey: index) {
                        try take(steps[index], made)
                    } else if let (index, made) = await group.next() {
                        let made = try made.get()
                        queue.finish(index, heldByteCount: made.reduce(0) { $0 + $1.blob.count })
                        waiting[index] = made
                    }
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }
}
