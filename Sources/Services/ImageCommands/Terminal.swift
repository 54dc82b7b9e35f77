internal import FoundationEssentials
internal import Glibc

/// Writing to the program's two outputs.
enum Terminal {
    static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// A line on standard output: a result.
    static func printLine(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// A line on standard error: a note to the person.
    static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n", to: STDOUT_FILENO)
    }

    private static func write(_ text: String, to descriptor: CInt) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }  // Nobody reads any more.
            bytes = bytes.dropFirst(count)
        }
    }
}
