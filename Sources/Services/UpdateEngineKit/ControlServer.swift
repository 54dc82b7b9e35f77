package import EngineControl
import FoundationEssentials
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import UpdateModel

/// Answers people and scripts on a Unix socket: a line of JSON in, a line of JSON out (see ``ControlRequest``).
///
/// Who may open the socket's file may speak to the engine: its mode is 0600, in a folder of mode 0700.
package struct ControlServer: Service {
    private let path: String
    private let logger: Logger
    private let answer: @Sendable (ControlRequest) async -> ControlResponse
    private static let lineBytesMax = 4096
    /// More callers at once are turned away.
    private static let connectionsMax = 64
    /// A caller that has not said its line by then is turned away.
    private static let lineTimeLimit = TimeAmount.seconds(10)

    package init(
        path: String, logger: Logger, answer: @escaping @Sendable (ControlRequest) async -> ControlResponse
    ) {
        self.path = path
        self.logger = logger
        self.answer = answer
    }

    package func run() async throws {
        let server = try await bind()
        let places = Places(count: Self.connectionsMax)
        do {
            try await cancelWhenGracefulShutdown { try await welcome(on: server, places) }
        } catch is CancellationError {
            return  // That is how it is asked to end.
        }
    }

    private func welcome(on server: NIOAsyncChannel<Client, Never>, _ places: Places) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            try await server.executeThenClose { clients in
                for try await client in clients {
                    let isWelcome = places.take()
                    group.addTask {
                        await serve(client, isWelcome: isWelcome)
                        if isWelcome { places.giveBack() }
                    }
                }
            }
        }
    }

    private typealias Client = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private func bind() async throws -> NIOAsyncChannel<Client, Never> {
        do {
            return try await listen()
        } catch {
            throw ControlSocketError(path: path, reason: "\(error)")
        }
    }

    private func listen() async throws -> NIOAsyncChannel<Client, Never> {
        let manager = FileManager.default
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            let folder = String(path[..<slash])
            if !manager.fileExists(atPath: folder) {
                try manager.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        }
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: CInt(Self.connectionsMax))
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(IdleStateHandler(readTimeout: Self.lineTimeLimit))
                    try channel.pipeline.syncOperations.addHandler(IdleCloser())
                    return try Client(wrappingChannelSynchronously: channel)
                }
            }
        try manager.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        return server
    }

    private func serve(_ client: Client, isWelcome: Bool) async {
        do {
            try await client.executeThenClose { inbound, outbound in
                guard isWelcome else {
                    return try await outbound.write(line(.refusal("Too many callers at once.", .tryLater)))
                }
                var received: [UInt8] = []
                for try await buffer in inbound {
                    received.append(contentsOf: buffer.readableBytesView)
                    let end = received.firstIndex(of: UInt8(ascii: "\n"))
                    guard end ?? received.count <= Self.lineBytesMax else {
                        return try await outbound.write(line(.refusal("The line is too long.", .usage)))
                    }
                    guard let end else { continue }
                    return try await outbound.write(line(await respond(to: received[..<end])))
                }
            }
        } catch {
            logger.debug("Control connection broke off", metadata: ["control.error": "\(error)"])
        }
    }

    private func respond(to line: ArraySlice<UInt8>) async -> ControlResponse {
        // Whatever is wrong with it, it is no request.
        guard let request = try? JSONDecoder().decode(ControlRequest.self, from: Data(line)) else {
            return .refusal("That is no request.", .usage)
        }
        return await answer(request)
    }

    private func line(_ response: ControlResponse) -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = (try? encoder.encode(response)).map(Array.init) ?? []  // It holds nothing that cannot be encoded.
        return ByteBuffer(bytes: bytes + [UInt8(ascii: "\n")])
    }
}

/// The control socket cannot be listened on.
struct ControlSocketError: UserFacingError {
    let path: String
    let reason: String

    var userMessage: UserMessage {
        UserMessage("Nobody can be heard on \(path): \(reason).", hint: "See control.socket.", exit: .inputOutput)
    }
}

extension ControlResponse {
    fileprivate static func refusal(_ message: String, _ exit: ExitStatus) -> ControlResponse {
        ControlResponse(error: .init(message: message, exit: exit.rawValue))
    }
}

/// How many more callers there may be at once.
private final class Places: Sendable {
    private let free: Mutex<Int>

    init(count: Int) { self.free = Mutex(count) }

    func take() -> Bool {
        free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
    }

    func giveBack() { free.withLock { $0 += 1 } }
}

/// Closes a connection on which nothing comes.
private final class IdleCloser: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        context.close(promise: nil)
    }
}
