import HTTPTypes
import Hummingbird
package import NIOCore

/// How long the server bears with a peer that is slow.
package struct Patience: Sendable {
    /// How long a small body (a check-in, or JSON) may take from its first byte to its last.
    package var body = TimeAmount.seconds(30)
    /// A piece of a payload that is not taken within this time never will be: it is slower than 550 bytes a second.
    package var stall = TimeAmount.seconds(120)

    package init() {}
}

/// Reads bodies that fit in memory, up to a size and within a time.
struct BodyReader: Sendable {
    private let watch: BodyWatch

    /// - Parameter patience: how long a body may take.
    init(patience: TimeAmount) { watch = BodyWatch(patience: patience) }

    /// The whole body. A length that is declared beyond the limit is refused before anything is read.
    ///
    /// A peer that drips its bytes loses the connection at the deadline: it is not waiting for an answer yet.
    /// - Throws: ``RequestError/bodyTooLong(limit:)``, ``RequestError/bodyTooSlow``, and what the connection throws.
    func collect(_ request: Request, _ context: ServerContext, upTo limit: Int) async throws -> ByteBuffer {
        if let declared = request.headers[.contentLength].flatMap({ UInt64($0) }), declared > UInt64(limit) {
            throw RequestError.bodyTooLong(limit: limit)
        }
        let wait = watch.begin(context.channel)
        defer { watch.end(wait) }
        do {
            return try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw RequestError.bodyTooLong(limit: limit)
        } catch {
            if watch.isOver(wait) { throw RequestError.bodyTooSlow }
            throw error
        }
    }
}
