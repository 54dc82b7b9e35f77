import ContentTrust
package import FleetOperations
import FleetStorage
import FoundationEssentials
import HTTPTypes
package import Hummingbird
import Logging
package import NIOCore
package import PayloadStore
import UpdateModel

/// `GET` and `HEAD /payloads/DIGEST/NAME`: the bits of payloads, whole or in part.
///
/// The digest is part of the URL, so what a URL gives never changes, and every cache may keep it for ever. The name is
/// there for people and for clients that want one; nothing on the disk is looked up by it.
///
/// Where a group of the payload's application is private, the URL has the payload's pass (`/payloads/with/PASS/DIGEST/NAME`), or
/// the request shows a secret of such a group as the password of basic credentials.
///
/// Source: RFC 9110, clauses 8.8.3 (`ETag`), 13 (conditions) and 14 (ranges); RFC 9530 (`Repr-Digest`).
package struct PayloadRoutes: Sendable {
    let control: FleetControl

    /// Where a payload is found below the server's URL: `/payloads/DIGEST/`.
    static func directory(of digest: SHA256Digest, pass: String? = nil) -> String {
        "/payloads/" + (pass.map { "with/\($0)/" } ?? "") + "\(digest.hexadecimal)/"
    }

    func add(to router: Router<ServerContext>) {
        for path: RouterPath in ["/payloads/:digest/:name", "/payloads/with/:pass/:digest/:name"] {
            router.get(path) { request, context in try await respond(to: request, context) }
            router.on(path, method: .head) { request, context in try await respond(to: request, context) }
        }
    }

    private func respond(to request: Request, _ context: ServerContext) async throws -> Response {
        guard let text = context.parameters.get("digest"), let digest = SHA256Digest(hexadecimal: text) else {
            return PlainResponse.notFound
        }
        do {
            let secret = Credentials.password(of: request).map(FleetControl.secretDigest)
            let reader = try await control.openPayload(digest, pass: context.parameters.get("pass"), secret: secret)
            let answer = PayloadResponse(digest: digest, reader: reader, eventLoop: context.channel.eventLoop)
            var response = answer.response(to: request)
            // What a secret opened is for no cache that others share.
            if secret != nil { response.headers[.cacheControl] = "private, max-age=31536000, immutable" }
            return response
        } catch {
            if let refusal = Self.refusal(for: error) { return refusal }
            context.logger.error("A payload cannot be read", metadata: ["error": "\(error.userMessage.line)"])
            return PlainResponse.text(.internalServerError, "The payload cannot be read now.\n")
        }
    }
}

extension PayloadRoutes {
    /// The answer to what is not the server's fault; `nil` for what is.
    package static func refusal(for error: OperationError) -> Response? {
        if error.kind == .notFound { return PlainResponse.notFound }
        if error.kind == .unauthenticated { return privateRefusal }
        guard case .store(.busy) = error else { return nil }
        var response = PlainResponse.text(.serviceUnavailable, "The server is busy.\n")
        response.headers[.retryAfter] = "5"
        return response
    }

    /// A client that has credentials shows them once it is asked.
    private static var privateRefusal: Response {
        var response = PlainResponse.text(.unauthorized, "This payload is for machines of a private group.\n")
        response.headers[.wwwAuthenticate] = #"Basic realm="martlet payloads""#
        return response
    }
}

/// The answer to a request for one payload.
struct PayloadResponse {
    let digest: SHA256Digest
    let reader: any PayloadReader
    let eventLoop: any EventLoop

    private var entityTag: String { "\"\(digest.hexadecimal)\"" }

    func response(to request: Request) -> Response {
        let headers = request.headers
        if let wanted = headers[.ifMatch], !names(entityTag, in: wanted) {
            return Response(status: .preconditionFailed, headers: validators)
        }
        if let known = headers[.ifNoneMatch], names(entityTag, in: known) {
            return Response(status: .notModified, headers: validators)
        }
        switch range(for: request) {
        case .whole: return answer(.ok, range: 0..<reader.size, sendsBody: request.method != .head)
        case .part(let range): return answer(.partialContent, range: range, sendsBody: true)
        case .unsatisfiable:
            var fields = validators
            fields[.contentRange] = "bytes */\(reader.size)"
            return Response(status: .rangeNotSatisfiable, headers: fields)
        }
    }

    /// A range counts in a `GET` alone, and only while `If-Range` names these very bits.
    private func range(for request: Request) -> ByteRange {
        guard request.method == .get else { return .whole }
        if let condition = request.headers[.ifRange], condition != entityTag { return .whole }
        return ByteRange(header: request.headers[.range], size: reader.size)
    }

    private func answer(_ status: HTTPResponse.Status, range: Range<UInt64>, sendsBody: Bool) -> Response {
        let length = range.upperBound - range.lowerBound
        var fields = validators
        fields[.contentType] = "application/octet-stream"
        fields[.contentLength] = String(length)
        if status == .partialContent {
            fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(reader.size)"
        }
        guard sendsBody else { return Response(status: status, headers: fields) }
        let eventLoop = self.eventLoop
        let body = ResponseBody(
            asyncSequence: PayloadBody(reader: reader, range: range) { try await eventLoop.submit {}.get() })
        return Response(status: status, headers: fields, body: body)
    }

    private var validators: HTTPFields {
        var fields: HTTPFields = [
            .eTag: entityTag, .acceptRanges: "bytes", .cacheControl: "public, max-age=31536000, immutable",
        ]
        fields[.xContentTypeOptions] = "nosniff"
        fields[.reprDigest] = "sha-256=:\(Data(digest.bytes).base64EncodedString()):"
        return fields
    }

    private func names(_ tag: String, in list: String) -> Bool {
        list == "*"
            || list.split(separator: ",").contains { entry in
                let bare = entry.drop { $0 == " " }.prefix { $0 != " " }
                return bare == tag || bare == "W/\(tag)"
            }
    }
}

/// Part of a payload in small pieces. A piece is read when the connection can take it, so that a thousand slow readers
/// hold two pieces each and no more.
package struct PayloadBody: AsyncSequence, Sendable {
    package static let chunkByteCount = 64 << 10

    let reader: any PayloadReader
    let range: Range<UInt64>

    /// Returns when the connection has looked at the piece before, and knows whether it can take another.
    ///
    /// A connection's writer believes that it may go on until the connection says otherwise; without this it would be
    /// given piece after piece while the connection is busy with its neighbours.
    let pieceTaken: @Sendable () async throws -> Void

    package init(
        reader: any PayloadReader, range: Range<UInt64>, pieceTaken: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.reader = reader
        self.range = range
        self.pieceTaken = pieceTaken
    }

    /// The stored file is shorter than it was.
    package struct Truncated: Error {}

    package func makeAsyncIterator() -> Iterator {
        Iterator(reader: reader, offset: range.lowerBound, end: range.upperBound, pieceTaken: pieceTaken)
    }

    package struct Iterator: AsyncIteratorProtocol {
        let reader: any PayloadReader
        var offset: UInt64
        let end: UInt64
        let pieceTaken: @Sendable () async throws -> Void

        package mutating func next() async throws -> ByteBuffer? {
            guard offset < end else { return nil }
            try await pieceTaken()
            let count = Int(Swift.min(end - offset, UInt64(chunkByteCount)))
            let bytes = try await reader.read(at: offset, count: count)
            // Nothing may follow a short body but the connection's end: the client then knows that it is short.
            guard !bytes.isEmpty, bytes.count <= count else { throw Truncated() }
            offset += UInt64(bytes.count)
            return ByteBuffer(bytes: bytes)
        }
    }
}
