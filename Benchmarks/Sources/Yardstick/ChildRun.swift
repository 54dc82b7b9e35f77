import Glibc

/// A command that ran to its end, and what it cost with all the processes it waited for.
struct ChildRun {
    let seconds: Double
    /// User and system time together.
    let processorSeconds: Double
    /// Of the largest of its processes.
    let peakKibibytes: Int
    let exitCode: CInt

    /// - Parameter command: The program, looked for in `PATH`, and its arguments.
    init(command: [String]) throws(YardstickError) {
        let clock = ContinuousClock()
        let start = clock.now
        let process = try Self.start(command)
        var status: CInt = 0
        var usage = rusage()
        while unsafe wait4(process, &status, 0, &usage) < 0 {
            guard errno == EINTR else { throw .failed("cannot wait for \(command[0])") }
        }
        seconds = (clock.now - start) / .seconds(1)
        processorSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        peakKibibytes = usage.ru_maxrss
        let signal = status & 0x7F
        exitCode = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    private static func start(_ command: [String]) throws(YardstickError) -> pid_t {
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var process: pid_t = 0
        // The copies outlive the call, and the list ends with nil as it must.
        let code = unsafe posix_spawnp(&process, command[0], nil, nil, &arguments, environ)
        guard code == 0 else { throw .failed("cannot start \(command[0]): \(Output.systemText(code))") }
        return process
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}
