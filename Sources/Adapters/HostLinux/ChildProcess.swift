import CLinux
import Glibc
import Synchronization

/// One run of another program.
final class ChildProcess: Sendable {
    private enum State: Hashable, Sendable {
        case notStarted
        case running(pid_t)
        /// Killed before or while it ran.
        case cancelled(pid_t?)
        /// Its number may belong to another process by now.
        case reaped
    }

    private let path: String
    private let arguments: [String]
    private let environment: [String]
    private let state = Mutex(State.notStarted)

    init(path: String, arguments: [String], environment: [String]) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
    }

    /// Starts the program and waits for its end. Blocks; to be called once.
    func run(timeLimit: Duration) throws(CommandError) -> CommandResult {
        do throws(SystemError) {
            let output = try OutputPipe()
            let process = try start(writingTo: output)
            output.closeWritingEnd()
            let ending: FileDescriptor
            do throws(SystemError) {
                ending = FileDescriptor(owning: try retryingInterrupts { martlet_process_descriptor(process) })
            } catch {
                kill()
                _ = reap(process)
                throw error
            }
            let timedOut = try watch(ending, output, until: ContinuousClock.now.advanced(by: timeLimit))
            let status = reap(process)
            return CommandResult(status: status, output: output.text, timedOut: timedOut)
        } catch {
            throw CommandError(path: path, reason: error.reason)
        }
    }

    /// Kills the program and everything in its process group, now or as soon as it starts.
    func kill() {
        state.withLock { state in
            switch state {
            case .notStarted: state = .cancelled(nil)
            case .running(let process):
                _ = Glibc.kill(-process, SIGKILL)
                state = .cancelled(process)
            case .cancelled, .reaped: break
            }
        }
    }

    private func start(writingTo output: OutputPipe) throws(SystemError) -> pid_t {
        let started: Result<pid_t, SystemError> = state.withLock { state in
            guard state == .notStarted else { return .failure(SystemError(code: ECANCELED)) }
            let result = Result { () throws(SystemError) in
                try spawn(path: path, arguments: arguments, environment: environment, output: output.writingEnd)
            }
            if case .success(let process) = result { state = .running(process) }
            return result
        }
        return try started.get()
    }

    /// Collects output until the program has ended. Returns whether it had to be killed because its time was up.
    private func watch(
        _ ending: FileDescriptor, _ output: OutputPipe, until deadline: ContinuousClock.Instant
    ) throws(SystemError) -> Bool {
        var timedOut = false
        while true {
            let left = timedOut ? -1 : max(0, (deadline - .now).wholeMilliseconds)
            let events = try waitForInput(
                on: [ending.number, output.isOpen ? output.readingEnd : -1], milliseconds: left)
            if events.isEmpty, !timedOut {
                timedOut = true
                kill()
            }
            if events.contains(1) { output.collect() }
            if events.contains(0) {
                output.collect()
                return timedOut
            }
        }
    }

    /// Collects the exit status, after which the process's number is no longer ours.
    private func reap(_ process: pid_t) -> Int32 {
        var status: CInt = 0
        state.withLock { state in
            while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
            state = .reaped
        }
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }
}

extension Duration {
    /// Rounded up, and never more than a day.
    fileprivate var wholeMilliseconds: CInt {
        let (seconds, attoseconds) = components
        guard seconds < 86_400 else { return 86_400_000 }
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return CInt(seconds) * 1000 + CInt((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}

/// Waits until one of the descriptors has something to read; -1 stands for none. Returns the places of those that have.
private func waitForInput(on descriptors: [CInt], milliseconds: CInt) throws(SystemError) -> Set<Int> {
    var polls = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let count = unsafe poll(&polls, nfds_t(polls.count), milliseconds)
    if count < 0 {
        // Told apart from the time's end: the caller asks again with what is left of it.
        guard errno == EINTR else { throw .last }
        return [-1]
    }
    return Set(polls.indices.filter { polls[$0].revents != 0 })
}

/// Starts a program in a process group of its own, with default signals, nothing to read, and one place to write.
private func spawn(
    path: String, arguments: [String], environment: [String], output: CInt
) throws(SystemError) -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    let argumentList = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
    let environmentList = unsafe environment.map { unsafe strdup($0) } + [nil]
    defer { unsafe (argumentList + environmentList).forEach { unsafe free($0) } }
    var process: pid_t = 0
    let status = unsafe posix_spawn(&process, path, &actions, &attributes, argumentList, environmentList)
    guard status == 0 else { throw SystemError(code: status) }
    return process
}
