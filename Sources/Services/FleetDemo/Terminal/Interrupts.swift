import Dispatch
import Glibc

/// The signals by which a person or the system ends the demo.
enum Interrupts {
    private static let signals = [SIGINT, SIGTERM, SIGHUP]

    /// Returns when the first of them arrives, or when the task is cancelled.
    static func first() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        let sources = signals.map { number in
            // Dispatch hears a signal only when it does not end the process.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
        for await _ in stream { break }
        sources.forEach { $0.cancel() }
    }
}
