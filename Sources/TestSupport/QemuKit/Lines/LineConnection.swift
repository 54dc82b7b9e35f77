import NIOCore
import NIOPosix

/// Lines of text to and from a Unix socket of this host.
package final class LineConnection: Sendable {
    /// What the other end says; ends when the connection does.
    package let lines: AsyncStream<String>
    private let channel: any Channel
    private let name: String

    private init(channel: any Channel, lines: AsyncStream<String>, name: String) {
        self.channel = channel
        self.lines = lines
        self.name = name
    }

    /// Connects as soon as somebody listens.
    ///
    /// - Parameters:
    ///   - path: of the socket.
    ///   - name: what is at the other end, for messages.
    ///   - isRunning: whether there is still hope that somebody will listen.
    /// - Throws: ``QemuError/lineBroken(what:reason:)`` when nobody listens within a minute.
    package static func open(
        _ path: String, to name: String, while isRunning: @Sendable () -> Bool
    ) async throws -> LineConnection {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try await connect(path, name)
            } catch {
                guard isRunning(), ContinuousClock.now < deadline else {
                    throw QemuError.lineBroken(what: name, reason: "nobody listens on \(path)")
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    package func send(_ line: String) async throws {
        do {
            try await channel.writeAndFlush(ByteBuffer(string: line + "\n")).get()
        } catch {
            throw QemuError.lineBroken(what: name, reason: "\(error)")
        }
    }

    package func close() { channel.close(promise: nil) }

    private static func connect(_ path: String, _ name: String) async throws -> LineConnection {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(LineHandler(continuation))
                }
            }
            .connect(unixDomainSocketPath: path).get()
        return LineConnection(channel: channel, lines: lines, name: name)
    }
}

/// Hands over each line as it is complete.
private final class LineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var splitter = LineSplitter()
    private let continuation: AsyncStream<String>.Continuation

    init(_ continuation: AsyncStream<String>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for line in splitter.take(Self.unwrapInboundIn(data).readableBytesView) { continuation.yield(line) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
}
