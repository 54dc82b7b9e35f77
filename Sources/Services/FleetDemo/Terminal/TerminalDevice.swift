import FoundationEssentials
import Glibc

/// Standard output, and what it can do.
struct TerminalDevice: Sendable {
    let isTerminal: Bool
    let hasColour: Bool

    init() {
        let environment = ProcessInfo.processInfo.environment
        isTerminal = isatty(STDOUT_FILENO) == 1 && environment["TERM"] != "dumb"
        // Source: no-color.org: any value that is not empty.
        hasColour = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
    }

    /// Columns and rows; what a terminal has had since the punched card where it does not say.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Writes all of `text` at once, so that a redraw does not flicker.
    func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno != EINTR {
                return  // Nobody reads any more: the story goes on untold.
            }
        }
    }
}
