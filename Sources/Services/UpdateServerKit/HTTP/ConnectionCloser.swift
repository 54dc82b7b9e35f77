import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends a connection after an answer that says `Connection: close`, and one whose peer takes nothing for minutes.
///
/// Without it a peer could go on sending the endless body of a request that was refused, or hold a download for ever.
final class ConnectionCloser: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let stallTimeout: TimeAmount
    private var closesAfterEnd = false
    private var writesUnderWay = 0
    private var stallAlarm: Scheduled<Void>?

    init(stallTimeout: TimeAmount) { self.stallTimeout = stallTimeout }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        if case .head(let head) = part { closesAfterEnd = head.headerFields[.connection]?.lowercased() == "close" }
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        watch(written.futureResult, context)
        if case .end = part, closesAfterEnd {
            let context = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.futureResult.whenComplete { _ in context.value.close(promise: nil) }
        }
        context.write(data, promise: written)
    }

    func handlerRemoved(context: ChannelHandlerContext) { stallAlarm?.cancel() }

    /// The alarm runs while anything waits to be taken, and starts anew whenever something was.
    private func watch(_ written: EventLoopFuture<Void>, _ context: ChannelHandlerContext) {
        writesUnderWay += 1
        if stallAlarm == nil { setAlarm(context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        written.whenComplete { _ in
            let (handler, context) = bound.value
            handler.writesUnderWay -= 1
            handler.stallAlarm?.cancel()
            handler.stallAlarm = nil
            if handler.writesUnderWay > 0 { handler.setAlarm(context) }
        }
    }

    private func setAlarm(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        stallAlarm = context.eventLoop.scheduleTask(in: stallTimeout) { bound.value.close(promise: nil) }
    }
}
