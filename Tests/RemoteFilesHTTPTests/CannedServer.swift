import NIOCore
import NIOPosix
import Testing

/// Answers every request with the same text, and then with a byte now and then.
struct CannedServer {
    let head: String
    /// Repeated until the other side has enough; `nil` closes the connection after the head.
    var trickle: (text: String, every: TimeAmount)?

    /// - Parameter test: gets the port.
    func run(on host: String = "127.0.0.1", _ test: (Int) async throws -> Void) async throws {
        let (head, trickle) = (head, trickle)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answer(head: head, trickle: trickle))
                }
            }
            .bind(host: host, port: 0).get()
        do { try await test(try #require(channel.localAddress?.port)) } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
    }

    /// Takes the first bytes for the request.
    private final class Answer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let head: String
        private let trickle: (text: String, every: TimeAmount)?
        private var isAnswered = false

        init(head: String, trickle: (text: String, every: TimeAmount)?) {
            self.head = head
            self.trickle = trickle
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !isAnswered else { return }
            isAnswered = true
            let channel = context.channel
            let sent = channel.writeAndFlush(ByteBuffer(string: head))
            guard let trickle else { return sent.whenComplete { _ in channel.close(promise: nil) } }
            channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: trickle.every) { task in
                guard channel.isActive else { return task.cancel() }
                channel.writeAndFlush(ByteBuffer(string: trickle.text), promise: nil)
            }
        }
    }
}
