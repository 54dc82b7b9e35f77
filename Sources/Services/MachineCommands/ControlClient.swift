import EngineControl
import FoundationEssentials
import NIOCore
import NIOPosix
import UpdateModel

/// Asks the engine of this machine one question over its socket.
struct ControlClient {
    let socket: String
    private static let responseBytesMax = 1024 * 1024
    private static let timeLimit = Duration.seconds(10)

    /// - Throws: ``ControlError``, or the engine's own answer as ``ControlError/refused(message:exit:)``.
    func ask(_ request: ControlRequest) async throws(ControlError) -> EngineStatus {
        let response: ControlResponse
        do {
            let line = try await withTimeLimit { try await exchange(Array(JSONEncoder().encode(request))) }
            response = try JSONDecoder().decode(ControlResponse.self, from: Data(line))
        } catch let error as ControlError {
            throw error
        } catch is DecodingError {
            throw .unintelligible(socket: socket)
        } catch {
            throw .unreachable(socket: socket, reason: "\(error)")
        }
        if let error = response.error { throw .refused(message: error.message, exit: error.exit) }
        guard let status = response.status else { throw .unintelligible(socket: socket) }
        return status
    }

    private func exchange(_ line: [UInt8]) async throws -> [UInt8] {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(unixDomainSocketPath: socket) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: line + [UInt8(ascii: "\n")]))
            var answer: [UInt8] = []
            for try await buffer in inbound {
                answer.append(contentsOf: buffer.readableBytesView)
                if answer.last == UInt8(ascii: "\n") || answer.count > Self.responseBytesMax { break }
            }
            return answer
        }
    }

    private func withTimeLimit(_ work: @escaping @Sendable () async throws -> [UInt8]) async throws -> [UInt8] {
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { try await work() }
            group.addTask { [socket] in
                try await Task.sleep(for: Self.timeLimit)
                throw ControlError.unreachable(socket: socket, reason: "no answer within \(Self.timeLimit)")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }
}

/// The engine could not be asked, or said no.
enum ControlError: Error, Hashable {
    case unreachable(socket: String, reason: String)
    case unintelligible(socket: String)
    case refused(message: String, exit: Int32)
    /// The update that was waited for did not happen.
    case updateFailed(String)
}

extension ControlError: UserFacingError {
    var userMessage: UserMessage {
        switch self {
        case .unreachable(let socket, _):
            UserMessage(
                "martletd does not answer on \(socket).",
                hint: "Is it running, and may you open its socket? See: systemctl status martletd",
                exit: .unavailable)
        case .unintelligible(let socket):
            UserMessage("What answers on \(socket) is not martletd.", exit: .badData)
        case .refused(let message, let exit):
            UserMessage(message, exit: ExitStatus(rawValue: exit) ?? .software)
        case .updateFailed(let reason):
            UserMessage("The update failed: \(reason)", exit: .tryLater)
        }
    }
}
