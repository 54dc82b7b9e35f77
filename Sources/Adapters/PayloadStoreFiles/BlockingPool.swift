internal import Dispatch
internal import Synchronization

/// A few threads for calls that wait for the disk, so that the threads which serve everybody else never do.
final class BlockingPool: Sendable {
    private let queues: [DispatchQueue]
    private let turn = Atomic(0)

    init(threads: Int = 4) {
        queues = (0..<max(threads, 1)).map { DispatchQueue(label: "payload-files-\($0)") }
    }

    func run<Value: Sendable, Failure: Error>(_ body: @escaping @Sendable () throws(Failure) -> Value)
        async throws(Failure) -> Value
    {
        let index = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        let queue = queues[Int(UInt(bitPattern: index) % UInt(queues.count))]
        let result = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result(catching: body)) }
        }
        return try result.get()
    }
}
