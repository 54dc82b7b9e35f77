import Dispatch

/// Runs work that blocks for long away from Swift's cooperative threads, which are few.
enum BlockingThread {
    private static let queue = DispatchQueue(label: "martlet.blocking", attributes: .concurrent)

    static func run(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }
}
