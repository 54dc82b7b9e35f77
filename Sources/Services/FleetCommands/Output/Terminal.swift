import Glibc

/// Takes lines in place of standard output. A class, because a task-local closure crashes optimised builds of Swift 6.3.
package final class OutputSink: Sendable {
    let take: @Sendable (String) -> Void

    package init(_ take: @escaping @Sendable (String) -> Void) { self.take = take }
}

/// Standard output and standard error, and whether a person looks at them.
package enum Terminal {
    /// Takes what would go to standard output, where a test wants to see it.
    @TaskLocal package static var output: OutputSink?

    static var showsErrors: Bool { isatty(STDERR_FILENO) == 1 }

    /// One line on standard output.
    static func line(_ text: String) {
        if let output { output.take(text) } else { write(text + "\n", to: STDOUT_FILENO) }
    }

    /// Text on standard error, as it is.
    static func note(_ text: String) { write(text, to: STDERR_FILENO) }

    /// Replaces control characters: what a machine reports must not steer the reader's terminal.
    static func safe(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : Character($0) })
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // Nothing is left to tell when nobody listens any more.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
