import EngineControl
import FoundationEssentials
import NIOCore
import NIOPosix
import Synchronization

/// Something that answers on a Unix socket: one line for each line, from a list; the last one stays.
final class EngineDouble: Sendable {
    let path = "/tmp/martlet-\(UInt32.random(in: 0 ... .max)).sock"
    private let answers: Mutex<[String]>
    private let asked = Mutex<[String]>([])
    private let channel = Mutex<(any Channel)?>(nil)

    init(_ answers: [String]) { self.answers = Mutex(answers) }

    convenience init(_ statuses: EngineStatus...) {
        self.init(
            statuses.map { status in
                let data = (try? JSONEncoder().encode(ControlResponse(status: status))) ?? Data()
                return String(decoding: data, as: UTF8.self)
            })
    }

    /// The lines that were received.
    var requests: [String] { asked.withLock { $0 } }

    func whileListening(_ body: () async throws -> Void) async throws {
        let listening = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { [self] child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandler(Handler(double: self))
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        channel.withLock { $0 = listening }
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        try await listening.close()
        try? FileManager.default.removeItem(atPath: path)
        try outcome.get()
    }

    fileprivate func answer(to line: String) -> String {
        asked.withLock { $0.append(line) }
        return answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? "" }
    }
}

private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let double: EngineDouble

    init(double: EngineDouble) { self.double = double }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let line = String(buffer: unwrapInboundIn(data)).filter { $0 != "\n" }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: double.answer(to: line) + "\n")), promise: nil)
        context.close(promise: nil)
    }
}
