import CLinux
import Glibc
import Synchronization

/// The pipe into which a child process writes; keeps the end of what came. Used by one thread.
final class OutputPipe {
    let readingEnd: CInt
    private(set) var writingEnd: CInt
    private(set) var isOpen = true
    private var kept: [UInt8] = []

    init() throws(SystemError) {
        var reading: CInt = -1
        var writing: CInt = -1
        guard unsafe martlet_pipe(&reading, &writing) == 0 else { throw .last }
        (readingEnd, writingEnd) = (reading, writing)
        // Only our end: a child with a writing end that does not block would lose output.
        guard fcntl(readingEnd, F_SETFL, O_NONBLOCK) == 0 else { throw .last }
    }

    deinit {
        close(readingEnd)
        closeWritingEnd()
    }

    /// To be called when the child has its own, so that its end shows as the end of the pipe.
    func closeWritingEnd() {
        guard writingEnd >= 0 else { return }
        close(writingEnd)
        writingEnd = -1
    }

    /// Takes what is there, without waiting, and at most what a pipe holds: a child may write without end.
    func collect() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<16 where isOpen {
            let count = unsafe Glibc.read(readingEnd, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return }
            if count == 0 { isOpen = false }
            kept.append(contentsOf: buffer.prefix(count))
            if kept.count > 2 * CommandRunner.outputBytesMax { trim() }
        }
    }

    /// What was kept; a character that was cut in two is shown as the replacement character.
    var text: String {
        String(decoding: kept.suffix(CommandRunner.outputBytesMax), as: UTF8.self)
    }

    private func trim() { kept.removeFirst(kept.count - CommandRunner.outputBytesMax) }
}
