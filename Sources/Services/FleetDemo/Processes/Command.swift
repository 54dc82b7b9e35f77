import FoundationEssentials
import UpdateModel

/// Runs a program to its end and hands over what it printed.
package struct Command: Sendable {
    /// Where the output of commands is collected on its way.
    package let folder: String

    package init(folder: String) { self.folder = folder }

    package struct Outcome: Sendable {
        package var ending: ProcessEnding
        package var output: String
        package var errors: String

        /// The last thing said, on either stream.
        package var lastLine: String {
            let lines = [errors, output].flatMap { $0.split(whereSeparator: \.isNewline) }
            return errors.split(whereSeparator: \.isNewline).last.map(String.init) ?? lines.last.map(String.init) ?? ""
        }
    }

    /// Runs `program` to its end, however it ends.
    package func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> Outcome {
        let name = "\(folder)/command-\(UUID().uuidString)"
        let (output, errors) = ("\(name).out", "\(name).err")
        defer {
            // Leftovers in the demo's own folder harm nobody.
            try? FileManager.default.removeItem(atPath: output)
            try? FileManager.default.removeItem(atPath: errors)
        }
        let child = try ChildProcess.start(
            program, arguments, output: output, errors: errors, environment: environment)
        guard let ending = await child.wait() else {
            child.send(9)
            throw CancellationError()
        }
        return Outcome(ending: ending, output: Self.text(output), errors: Self.text(errors))
    }

    /// Runs `program` and returns what it printed.
    ///
    /// - Throws: ``DemoError/commandFailed(command:status:lastLine:)`` unless it leaves with 0.
    @discardableResult package func succeed(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> String {
        let outcome = try await run(program, arguments, environment: environment)
        guard outcome.ending == .exited(0) else {
            let name = Folder.lastName(program)
            throw DemoError.commandFailed(
                command: ([name] + arguments).joined(separator: " "), status: "\(outcome.ending)",
                lastLine: outcome.lastLine)
        }
        return outcome.output
    }

    private static func text(_ path: String) -> String {
        // A file that is not there says nothing.
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
