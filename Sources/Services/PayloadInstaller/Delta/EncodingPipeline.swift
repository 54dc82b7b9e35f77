internal import CompressionCodecs
internal import FoundationEssentials

/// Steps being encoded side by side; results come in the order of submission.
struct EncodingPipeline<Step: Sendable>: Sendable {
    private let encode: @Sendable (Step) throws(PayloadBuildError) -> [DeltaEncoder.Encoded]
    private let width = max(1, min(8, ProcessInfo.processInfo.activeProcessorCount))
    private var running: [Task<[DeltaEncoder.Encoded], any Error>] = []

    init(_ encode: @escaping @Sendable (Step) throws(PayloadBuildError) -> [DeltaEncoder.Encoded]) {
        self.encode = encode
    }

    var isEmpty: Bool { running.isEmpty }
    /// Results wait for the one before them, so that there are a few more than processors; the processors bound how many
    /// are really at work, and with them the memory.
    var isFull: Bool { running.count >= width * 3 }

    mutating func submit(_ step: Step) {
        let encode = encode
        // Detached, so that it leaves the caller's actor; it has no parent to outlive, for `next` awaits every one.
        running.append(Task.detached { try encode(step) })
    }

    mutating func next() async throws(PayloadBuildError) -> [DeltaEncoder.Encoded] {
        do {
            return try await running.removeFirst().value
        } catch let error as PayloadBuildError {
            throw error
        } catch {
            throw .compression(.outOfMemory(.xz))  // Nothing else is thrown.
        }
    }
}
