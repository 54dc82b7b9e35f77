import Glibc

/// Makes sure that no process of the demo outlives it, even if the demo itself is killed.
///
/// A small shell waits at the other end of a pipe. It is told of each process that starts and ends; when the pipe
/// closes, for whatever reason, it kills the groups of those that are left.
package final class Guardian: Sendable {
    /// The end of the pipe that we write to.
    private let pipe: Int32
    private let shell: ChildProcess

    private static let script = """
        alive=" "
        while read -r sign number; do
            case "$sign" in
                +) alive="$alive$number " ;;
                -) alive="${alive%% $number *} ${alive#* $number }" ;;
            esac
        done
        for number in $alive; do kill -s KILL -- "-$number" 2>/dev/null; done
        """

    /// - Throws: ``DemoError/processNotStarted(program:reason:)``.
    package init() throws(DemoError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else {
            throw .processNotStarted(program: "/bin/sh", reason: "no pipe could be made")
        }
        // No other process may hold the pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        pipe = ends[1]
        // The end must reach the shell even if the demo dies while it writes.
        signal(SIGPIPE, SIG_IGN)
        shell = try ChildProcess.start(
            "/bin/sh", ["-c", Self.script], output: "/dev/null", errors: "/dev/null", input: ends[0])
    }

    deinit { close(pipe) }

    package func watch(_ child: ChildProcess) { say("+ \(child.identifier)\n") }

    /// The process has ended and was reaped: its number may soon be another's.
    package func forget(_ child: ChildProcess) { say("- \(child.identifier)\n") }

    /// A line is far shorter than what a pipe takes in one piece.
    private func say(_ line: String) {
        let bytes = Array(line.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(pipe, $0.baseAddress, $0.count) }
    }
}
