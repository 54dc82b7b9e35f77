package import ArgumentParser
import Glibc
import UpdateModel

/// Runs a program's root command, and turns whatever ends it into one line on standard error and a code of `sysexits.h`.
package enum Program {
    /// - Parameter arguments: without the program's name.
    package static func run(_ root: any ParsableCommand.Type, arguments: [String]) async -> Never {
        do {
            var command = try root.parseAsRoot(arguments)
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
            exit(ExitStatus.done.rawValue)
        } catch let error as any UserFacingError {
            leave(with: error.userMessage, of: root)
        } catch is CancellationError {
            exit(ExitStatus.tryLater.rawValue)
        } catch {
            // Help and the version are asked for in the same way; only mistakes are errors.
            guard root.exitCode(for: error) != .success else { root.exit(withError: error) }
            leave(with: usage(root.message(for: error)), of: root)
        }
    }

    private static func usage(_ message: String) -> UserMessage {
        let text = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        return UserMessage(text.hasSuffix(".") ? text : text + ".", hint: "See --help.", exit: .usage)
    }

    private static func leave(with message: UserMessage, of root: any ParsableCommand.Type) -> Never {
        let line = Array("\(root._commandName): \(message.line)\n".utf8)
        unsafe line.withUnsafeBytes { bytes in
            // Nothing is left to tell when standard error is closed.
            _ = unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
        exit(message.exit.rawValue)
    }
}
