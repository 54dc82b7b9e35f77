package import ArgumentParser
import Glibc
package import UpdateModel

/// Runs a program's root command, and turns whatever ends it into one line on standard error and a code of `sysexits.h`.
package enum Program {
    /// - Parameter arguments: without the program's name.
    package static func run(_ root: any ParsableCommand.Type, arguments: [String]) async -> Never {
        do {
            let command = try root.parseAsRoot(arguments)
            try await perform(command)
            exit(ExitStatus.done.rawValue)
        } catch let error as any UserFacingError {
            leave(with: error.userMessage, of: root)
        } catch is CancellationError {
            exit(ExitStatus.tryLater.rawValue)
        } catch {
            root.exit(withError: error)
        }
    }

    private static func perform(_ command: any ParsableCommand) async throws {
        if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            var command = command
            try command.run()
        }
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
