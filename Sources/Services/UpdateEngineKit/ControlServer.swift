import EngineControl
import FoundationEssentials
import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UpdateModel

/// Answers people and scripts on a Unix socket: a line of JSON in, a line of JSON out (see ``ControlRequest``).
///
/// Who may open the socket's file may speak to the engine: its mode is 0600.
struct ControlServer: Service {
    let path: String
    let engine: UpdateEngine
    let logger: Logger
    private static let lineBytesMax = 4096
    private static let connectionsMax = 32

    init(path: String, engine: UpdateEngine, logger: Logger) {
        self.path = path
        self.engine = engine
        self.logger = logger
    }

    func run() async throws {
        let server = try await bind()
        try await cancelWhenGracefulShutdown {
            try await withThrowingDiscardingTaskGroup { group in
                try await server.executeThenClose { clients in
                    for try await client in clients {
                        group.addTask { await serve(client) }
                    }
                }
            }
        }
    }

    private typealias Client = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private func bind() async throws -> NIOAsyncChannel<Client, Never> {
        try makeFolder()
        let previousMask = umask(0o177)
        defer { umask(previousMask) }
        return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: CInt(Self.connectionsMax))
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Client(wrappingChannelSynchronously: channel)
                }
            }
    }

    private func makeFolder() throws {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        try FileManager.default.createDirectory(atPath: String(path[..<slash]), withIntermediateDirectories: true)
    }

    private func serve(_ client: Client) async {
        do {
            try await client.executeThenClose { inbound, outbound in
                var line: [UInt8] = []
                for try await buffer in inbound {
                    line.append(contentsOf: buffer.readableBytesView)
                    guard line.count <= Self.lineBytesMax else { return }
                    guard let end = line.firstIndex(of: UInt8(ascii: "\n")) else { continue }
                    try await outbound.write(ByteBuffer(bytes: answer(Array(line[..<end])) + [UInt8(ascii: "\n")]))
                    return
                }
            }
        } catch {
            logger.debug("Control connection broke off", metadata: ["control.error": "\(error)"])
        }
    }

    private func answer(_ line: [UInt8]) async -> [UInt8] {
        let response: ControlResponse
        if let request = try? JSONDecoder().decode(ControlRequest.self, from: Data(line)) {  // Else it is no request.
            response = await engine.answer(request)
        } else {
            response = ControlResponse(error: .init(message: "That is no request.", exit: ExitStatus.usage.rawValue))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(response)).map(Array.init) ?? []  // A response holds nothing that cannot be encoded.
    }
}
