import FoundationEssentials
package import Glibc
import Synchronization

/// How a process ended.
package enum ProcessEnding: Hashable, Sendable, CustomStringConvertible {
    case exited(Int32)
    case killed(signal: Int32)

    package var description: String {
        switch self {
        case .exited(let status): "exit code \(status)"
        case .killed(let signal): "signal \(signal)"
        }
    }
}

/// A process of our own, in a process group of its own, whose output goes to files.
///
/// This file is the demo's only door to `posix_spawn`, `kill` and `waitpid`. The process is reaped exactly once, under
/// a lock, so that a signal can never reach a stranger who was given the same number.
package final class ChildProcess: Sendable {
    package let identifier: pid_t
    private let ending = Mutex<ProcessEnding?>(nil)

    private init(identifier: pid_t) { self.identifier = identifier }

    /// Starts `program`; output is appended to the two files, which are made if needed.
    ///
    /// - Parameters:
    ///   - environment: variables to add to our own.
    ///   - input: a descriptor to read from; `nil` for `/dev/null`.
    /// - Throws: ``DemoError/processNotStarted(program:reason:)``.
    package static func start(
        _ program: String, _ arguments: [String], output: String, errors: String, environment: [String: String] = [:],
        input: Int32? = nil
    ) throws(DemoError) -> ChildProcess {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let appending = O_WRONLY | O_CREAT | O_APPEND
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, appending, 0o644)
        if errors == output {
            unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, appending, 0o644)
        }
        // Settings of this host's own server or machine have no place in the demo.
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MARTLET_") }
        let variables = inherited.merging(environment) { _, added in added }
            .map { "\($0.key)=\($0.value)" }
        let identifier = try unsafe spawn(program, [program] + arguments, variables, &actions)
        return ChildProcess(identifier: identifier)
    }

    /// How it ended; `nil` while it runs. Never blocks.
    package func poll() -> ProcessEnding? {
        ending.withLock { ending in
            if ending == nil { ending = Self.reap(identifier) }
            return ending
        }
    }

    /// Waits for the end. A cancelled task waits no longer and gets `nil`.
    package func wait(every interval: Duration = .milliseconds(5)) async -> ProcessEnding? {
        var interval = interval
        while true {
            if let ending = poll() { return ending }
            do { try await Task.sleep(for: interval) } catch { return poll() }
            interval = min(interval * 2, .milliseconds(40))
        }
    }

    /// Sends `signal` to the process and all its children that stayed in its group; nothing after its end.
    package func send(_ signal: Int32) {
        ending.withLock { ending in
            guard ending == nil else { return }
            kill(-identifier, signal)
        }
    }

    /// Asks it to end, and after `patience` makes it.
    @discardableResult package func stop(patience: Duration) async -> ProcessEnding? {
        send(SIGTERM)
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline, !Task.isCancelled {
            if let ending = poll() { return ending }
            try? await Task.sleep(for: .milliseconds(10))  // Throws only when cancelled; the loop sees that.
        }
        send(SIGKILL)
        return await wait()
    }

    private static func reap(_ identifier: pid_t) -> ProcessEnding? {
        var status: Int32 = 0
        let result = unsafe waitpid(identifier, &status, WNOHANG)
        if result == 0 || (result < 0 && errno == EINTR) { return nil }
        guard result == identifier else { return .exited(-1) }
        let signal = status & 0x7F
        return signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal: signal)
    }

    /// Signals start out as the system has them, whatever this program does with its own.
    private static func spawn(
        _ program: String, _ arguments: [String], _ environment: [String], _ actions: inout posix_spawn_file_actions_t
    ) throws(DemoError) -> pid_t {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var identifier: pid_t = 0
        let code = unsafe withCStrings(arguments) { arguments in
            unsafe withCStrings(environment) { environment in
                unsafe posix_spawn(&identifier, program, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else {
            throw .processNotStarted(program: program, reason: unsafe String(cString: strerror(code)))
        }
        return identifier
    }
}

/// Lends `strings` to C as an array that ends with a null pointer; valid only during the call.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { unsafe strdup($0) }
    defer { unsafe pointers.forEach { unsafe free($0) } }
    unsafe pointers.append(nil)
    return unsafe pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("the array holds at least the end mark") }
        return unsafe body(base)
    }
}
