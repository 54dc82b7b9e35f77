internal import Dispatch
internal import Synchronization

/// Carries out operations one after the other on a thread of its own, while the next are being read and checked.
///
/// After a failure nothing more is carried out.
final class OperationLane: Sendable {
    typealias Work = @Sendable () throws(InstallationError) -> Void

    /// How many bytes of blobs may wait or be worked on; one operation always may.
    private static let waitingBytesMax = 3 << 19

    private let line = Line()

    /// Queues some work, and waits while too much is queued already.
    /// - Parameter byteCount: What the work holds in memory.
    /// - Throws: What earlier work threw.
    func submit(byteCount: Int, _ work: @escaping Work) throws(InstallationError) {
        while !line.admit(byteCount: byteCount, limit: Self.waitingBytesMax) { line.progressed.wait() }
        try throwFailure()
        line.queue.async { [line] in line.run(byteCount: byteCount, work) }
    }

    /// Waits until all work is done.
    /// - Throws: What any of it threw.
    func settle() throws(InstallationError) {
        rest()
        try throwFailure()
    }

    /// Waits until all work is done, or left undone after a failure.
    func rest() { line.queue.sync {} }

    private func throwFailure() throws(InstallationError) {
        if let failure = line.state.withLock({ $0.failure }) { throw failure }
    }
}

/// What the lane shares with the work that is queued.
private final class Line: Sendable {
    struct State {
        var waitingBytes = 0
        var failure: InstallationError?
    }

    let queue = DispatchQueue(label: "martlet.operations")
    let state = Mutex(State())
    /// Signalled after each piece of work.
    let progressed = DispatchSemaphore(value: 0)

    func admit(byteCount: Int, limit: Int) -> Bool {
        state.withLock { state in
            guard state.waitingBytes == 0 || state.waitingBytes + byteCount <= limit else { return false }
            state.waitingBytes += byteCount
            return true
        }
    }

    func run(byteCount: Int, _ work: OperationLane.Work) {
        if state.withLock({ $0.failure == nil }) {
            do throws(InstallationError) {
                try work()
            } catch {
                state.withLock { $0.failure = error }
            }
        }
        state.withLock { $0.waitingBytes -= byteCount }
        progressed.signal()
    }
}
