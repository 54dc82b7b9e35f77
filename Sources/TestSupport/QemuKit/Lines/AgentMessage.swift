import FoundationEssentials

/// What the agent in the guest says on the second serial port, a line each.
///
/// ```text
/// guest: hello BOOT-ID
/// host:  ID BASE64          a script for /bin/sh
/// guest: ID STATUS BASE64   what it left with, and what it printed on both streams
/// ```
package enum AgentMessage: Hashable, Sendable {
    /// The guest has come up; `bootID` is the kernel's random id of this boot.
    case hello(bootID: String)
    case answer(id: String, AgentAnswer)

    /// `nil` for anything else: a serial port carries what it likes while a machine starts.
    package init?(line: String) {
        let words = line.split(separator: " ", omittingEmptySubsequences: true)
        if words.count == 2, words[0] == "hello" {
            self = .hello(bootID: String(words[1]))
            return
        }
        guard words.count == 2 || words.count == 3, let status = Int(words[1]) else { return nil }
        let encoded = words.count == 3 ? String(words[2]) : ""
        guard let output = Data(base64Encoded: encoded) else { return nil }
        self = .answer(
            id: String(words[0]), AgentAnswer(status: status, output: String(decoding: output, as: UTF8.self)))
    }

    package static func question(id: String, script: String) -> String {
        "\(id) \(Data(script.utf8).base64EncodedString())"
    }

    /// Bytes of a script: the guest's line discipline holds 4,096 bytes of a line, and Base64 makes four of three.
    package static let scriptBytesMax = 2900
}

/// How a script ended in the guest.
package struct AgentAnswer: Hashable, Sendable {
    package var status: Int
    package var output: String

    package init(status: Int, output: String) {
        self.status = status
        self.output = output
    }

    package var lastLine: String { output.split(whereSeparator: \.isNewline).last.map(String.init) ?? "" }
}
