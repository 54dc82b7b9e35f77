import NIOCore
import NIOHTTP1
import NIOPosix
import OmahaProtocol
import Synchronization
import UpdateModel

/// An update server that answers as it is told, and remembers what it was asked.
final class OmahaDouble: Sendable {
    enum Fault: Sendable {
        /// Another status and body altogether.
        case answers(status: Int, body: String)
        /// Closes the connection without a word.
        case closes
    }

    struct Script: Sendable {
        /// What update checks are answered with.
        var check = OmahaResponse.UpdateCheck.noUpdate()
        /// Looks at each request; `nil` lets it be answered.
        var fault: @Sendable (OmahaRequest) -> Fault? = { _ in nil }
        /// The application that is spoken of; `nil` for the one that was asked about.
        var application: String?
    }

    private struct State {
        var script = Script()
        /// Those that were answered properly.
        var heard: [OmahaRequest] = []
        var requestCount = 0
    }

    private let state = Mutex(State())
    private let channel = Mutex<(any Channel)?>(nil)

    /// Listens on a free port of 127.0.0.1.
    func start() async throws {
        let listening = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { [self] child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.configureHTTPServerPipeline()
                    try child.pipeline.syncOperations.addHandler(Handler(server: self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        channel.withLock { $0 = listening }
    }

    func stop() async throws { try await channel.withLock { $0 }?.close() }

    /// The address that machines are given.
    var url: String { "http://127.0.0.1:\(channel.withLock { $0?.localAddress?.port } ?? 0)/v1/update/" }

    func follow(_ change: @Sendable (inout Script) -> Void) { state.withLock { change(&$0.script) } }

    var heard: [OmahaRequest] { state.withLock { $0.heard } }
    var requestCount: Int { state.withLock { $0.requestCount } }

    /// The events that were acknowledged, in order: `13/1`, `3/0 44`, `3/2 <1.0.0>` with the previous version.
    var events: [String] { heard.flatMap { $0.apps.flatMap(\.events) }.map(Self.text) }

    private static func text(_ event: OmahaEvent) -> String {
        let code = event.errorCode.map { " \($0.rawValue)" } ?? ""
        return "\(event.type.rawValue)/\(event.result.rawValue)\(code)\(event.previousVersion.map { " <\($0)>" } ?? "")"
    }

    fileprivate enum Reply {
        case answer(HTTPResponseStatus, [UInt8])
        case close
    }

    fileprivate func reply(to body: [UInt8]) -> Reply {
        guard let request = try? OmahaRequest(xml: body) else { return .answer(.badRequest, []) }
        return state.withLock { state in
            state.requestCount += 1
            switch state.script.fault(request) {
            case .answers(let status, let body): return .answer(.init(statusCode: status), Array(body.utf8))
            case .closes: return .close
            case nil: break
            }
            state.heard.append(request)
            let apps = request.apps.map { app in
                var answer = OmahaResponse.App(
                    acknowledging: app, updateCheck: app.updateCheck == nil ? nil : state.script.check)
                answer.id = state.script.application ?? answer.id
                return answer
            }
            return .answer(.ok, OmahaResponse(apps: apps).xml())
        }
    }
}

/// One connection: collects a request's body, and answers.
private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: OmahaDouble
    private var body: [UInt8] = []

    init(server: OmahaDouble) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: body = []
        case .body(let buffer): body.append(contentsOf: buffer.readableBytesView)
        case .end: answer(context)
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard case .answer(let status, let bytes) = server.reply(to: body) else {
            context.close(promise: nil)
            return
        }
        let headers = HTTPHeaders([("Content-Type", "text/xml"), ("Content-Length", "\(bytes.count)")])
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
