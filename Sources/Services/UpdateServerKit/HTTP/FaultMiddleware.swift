import FleetAPI
import FleetOperations
import FleetStorage
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import PayloadStore
import UpdateModel

/// Turns whatever a handler throws into an answer: a problem document below `/api`, a line of text elsewhere.
///
/// No answer to `HEAD` has a body (RFC 9110, clause 9.3.2), refusals included: what followed on the same connection
/// would be misread.
struct FaultMiddleware: RouterMiddleware {
    let health: StoreHealth

    func handle(
        _ request: Request, context: ServerContext, next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let response = try await answer(request, context, next)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(
        _ request: Request, _ context: ServerContext,
        _ next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            if let refusal = Self.wrongMethod(request, error) { return refusal }
            let fault = Fault(error)
            if fault.status.code >= 500, health.failed(fault.logged, ofStore: fault.isOfStore) {
                context.logger.error(
                    "A request failed",
                    metadata: ["path": "\(LoggedPath.text(request.uri.path))", "error": "\(fault.logged)"])
            }
            return request.uri.path.hasPrefix("/api/") ? fault.problem : fault.text
        }
    }

    /// The router knows no path that has another method only: such a request is answered with what may be done there.
    private static func wrongMethod(_ request: Request, _ error: any Error) -> Response? {
        guard let error = error as? HTTPError, error.status == .notFound else { return nil }
        let methods = APIOperation.methods(at: request.uri.path)
        guard !methods.isEmpty, !methods.contains(request.method.rawValue) else { return nil }
        let fault = Fault(.methodNotAllowed, "This path takes \(methods.joined(separator: ", ")).")
        var response = request.uri.path.hasPrefix("/api/") ? fault.problem : fault.text
        response.headers[.allow] = methods.joined(separator: ", ")
        return response
    }
}

/// What is told about an error.
struct Fault {
    let status: HTTPResponse.Status
    let detail: String
    /// What the log says; strangers are not told.
    let logged: String
    /// Whether the store could not do its work.
    var isOfStore = false
    /// In seconds, where the same request may well succeed then.
    var retryAfter: Int?

    init(_ error: any Error) {
        switch error {
        case let error as OperationError: self.init(error)
        case let error as RequestError: self.init(error.status, error.detail)
        case is NIOTooManyBytesError: self.init(.contentTooLarge, "The request's body is too long.")
        case let error as any HTTPResponseError: self.init(error.status, Self.words(for: error.status))
        case let error as any UserFacingError: self.init(.unprocessableContent, error.userMessage.line)
        default: self.init(.internalServerError, "The server failed; its log says more.", logged: "\(error)")
        }
    }

    private init(_ error: OperationError) {
        let line = error.userMessage.line
        switch error.kind {
        case .notFound: self.init(.notFound, line)
        case .conflict:
            self.init(.conflict, line)
            retryAfter = Self.passes(error) ? 5 : nil
        case .changed: self.init(.preconditionFailed, line)
        case .invalid: self.init(.unprocessableContent, line)
        case .unauthenticated: self.init(.unauthorized, line)
        case .forbidden: self.init(.forbidden, line)
        case .unavailable: self.init(.init(code: 424, reasonPhrase: "Failed Dependency"), line)
        case .storage:
            switch error {
            case .store(.busy):
                self.init(.serviceUnavailable, line)
                retryAfter = 5
            case .store(let error) where error.isFull:
                self.init(.init(code: 507, reasonPhrase: "Insufficient Storage"), line)
                isOfStore = true
            case .payloads(.full): self.init(.init(code: 507, reasonPhrase: "Insufficient Storage"), line)
            default:
                self.init(.internalServerError, line, logged: "\(error)")
                isOfStore = true
            }
        }
    }

    /// Whether a conflict passes by itself: another sender of the same bits is at it, or got further, or the server fetches
    /// what it is asked to fetch, or as much as it may.
    private static func passes(_ error: OperationError) -> Bool {
        switch error {
        case .payloads, .fetchUnderWay, .fetchesTaken, .remote(.notAsked): true
        default: false
        }
    }

    init(_ status: HTTPResponse.Status, _ detail: String, logged: String? = nil) {
        self.status = status
        self.detail = detail
        self.logged = logged ?? detail
    }

    private static func words(for status: HTTPResponse.Status) -> String {
        status == .notFound ? "There is nothing at this path." : "\(status.reasonPhrase)."
    }

    /// RFC 9457's form.
    var problem: Response {
        let problem = Problem(title: status.reasonPhrase, status: status.code, detail: detail)
        // Three texts and a number always become JSON.
        let bytes = (try? APIJSON.encode(problem)).map { ByteBuffer(bytes: $0) } ?? ByteBuffer()
        var fields = headers
        fields[.contentType] = Problem.mediaType
        if status == .unauthorized { fields[.wwwAuthenticate] = #"Bearer realm="martlet""# }
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: bytes))
    }

    /// For the page, where a browser then asks for a password.
    var text: Response {
        var response = PlainResponse.text(status, detail + "\n")
        for field in headers { response.headers[field.name] = field.value }
        if status == .unauthorized { response.headers[.wwwAuthenticate] = #"Basic realm="martlet", charset="UTF-8""# }
        return response
    }

    private var headers: HTTPFields {
        var fields: HTTPFields = [.cacheControl: "no-store"]
        if let retryAfter { fields[.retryAfter] = "\(retryAfter)" }
        // The rest of a body that is too long need not be read: the connection ends with the answer.
        if status == .contentTooLarge || status == .requestTimeout { fields[.connection] = "close" }
        return fields
    }
}
