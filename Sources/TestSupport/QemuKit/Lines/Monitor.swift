/// QEMU's monitor: takes commands, and tells what happens to the machine.
package actor Monitor {
    private let connection: LineConnection
    private var reader: Task<Void, Never>?
    private var count = 0
    private var answers: [String: (message: MonitorMessage, line: String)] = [:]
    /// Why the machine went down, in QEMU's word, such as `guest-reset`; `nil` while it is up.
    package private(set) var shutdownReason: String?
    /// Whether the watchdog's patience came to its end.
    package private(set) var hasWatchdogBarked = false
    private var isOpen = true

    private static let limit = Duration.seconds(60)

    private init(_ connection: LineConnection) { self.connection = connection }

    /// Connects and agrees on the protocol.
    package static func open(_ path: String, while isRunning: @Sendable () -> Bool) async throws -> Monitor {
        let monitor = Monitor(try await LineConnection.open(path, to: "QEMU's monitor", while: isRunning))
        await monitor.listen()
        try await monitor.run(MonitorCommand("qmp_capabilities"))
        return monitor
    }

    /// - Returns: the line of JSON that QEMU answered.
    /// - Throws: ``QemuError/monitorRefused(command:reason:)``, ``QemuError/lineBroken(what:reason:)``.
    @discardableResult package func run(_ command: MonitorCommand) async throws -> String {
        count += 1
        let id = "\(count)"
        try await connection.send(command.line(id: id))
        let deadline = ContinuousClock.now + Self.limit
        while ContinuousClock.now < deadline {
            if let answer = answers.removeValue(forKey: id) {
                guard case .refused(_, let reason) = answer.message else { return answer.line }
                throw QemuError.monitorRefused(command: command.name, reason: reason)
            }
            guard isOpen else { throw QemuError.lineBroken(what: "QEMU's monitor", reason: "QEMU has left") }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw QemuError.lineBroken(what: "QEMU's monitor", reason: "no answer to \(command.name)")
    }

    /// Waits for what QEMU says last of all, after it has left.
    package func drain() async {
        _ = await reader?.value
    }

    private func listen() {
        reader = Task {
            for await line in connection.lines { take(line) }
            isOpen = false
        }
    }

    private func take(_ line: String) {
        guard let message = MonitorMessage(line: line) else { return }
        switch message {
        case .done(let id), .refused(let id?, _): answers[id] = (message, line)
        case .event("SHUTDOWN", let reason): shutdownReason = reason ?? "unknown"
        case .event("WATCHDOG", _): hasWatchdogBarked = true
        case .greeting, .refused(nil, _), .event: break
        }
    }
}
