/// Runs scripts in the guest over its second serial port, which needs neither network nor login there.
///
/// In the guest a small unit obeys; ``AgentMessage`` is what is spoken. Its word is the guest's word: where a claim can
/// be checked from outside, check it there.
package actor GuestAgent {
    private let connection: LineConnection
    private var reader: Task<Void, Never>?
    private var count = 0
    private var answers: [String: AgentAnswer] = [:]
    /// The boots that have come up in this run, in their order: several when the guest starts a kernel itself.
    package private(set) var bootIDs: [String] = []
    private var isOpen = true

    private init(_ connection: LineConnection) { self.connection = connection }

    /// To be opened before the guest runs, so that its first word is heard.
    package static func open(_ path: String, while isRunning: @Sendable () -> Bool) async throws -> GuestAgent {
        let agent = GuestAgent(try await LineConnection.open(path, to: "the guest's agent", while: isRunning))
        await agent.listen()
        return agent
    }

    /// Runs `script` in the guest, and says how it ended.
    /// - Throws: ``QemuError/noAnswer(command:limit:)``, ``QemuError/lineBroken(what:reason:)``.
    package func run(_ script: String, limit: Duration = .seconds(60)) async throws -> AgentAnswer {
        precondition(script.utf8.count <= AgentMessage.scriptBytesMax, "too long for one line")
        count += 1
        let id = "\(count)"
        try await connection.send(AgentMessage.question(id: id, script: script))
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let answer = answers.removeValue(forKey: id) { return answer }
            guard isOpen else { throw QemuError.lineBroken(what: "the guest's agent", reason: "QEMU has left") }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw QemuError.noAnswer(command: Self.firstLine(script), limit: limit)
    }

    /// Runs `script` in the guest and returns what it printed.
    /// - Throws: ``QemuError/guestCommandFailed(command:status:lastLine:)`` unless it leaves with 0.
    @discardableResult package func succeed(
        _ script: String, limit: Duration = .seconds(60)
    ) async throws -> String {
        let answer = try await run(script, limit: limit)
        guard answer.status == 0 else {
            throw QemuError.guestCommandFailed(
                command: Self.firstLine(script), status: answer.status, lastLine: answer.lastLine)
        }
        return answer.output
    }

    /// Starts `script` and expects no answer: it ends the guest.
    package func order(_ script: String) async throws {
        count += 1
        try await connection.send(AgentMessage.question(id: "\(count)", script: script))
    }

    private static func firstLine(_ script: String) -> String {
        script.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    }

    private func listen() {
        reader = Task {
            for await line in connection.lines { take(line) }
            isOpen = false
        }
    }

    private func take(_ line: String) {
        switch AgentMessage(line: line) {
        case .hello(let bootID):
            if bootIDs.last != bootID { bootIDs.append(bootID) }
        case .answer(let id, let answer): answers[id] = answer
        case nil: break
        }
    }
}
