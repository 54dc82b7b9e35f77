import FleetModel
import FleetOperations
import FleetStorage
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OmahaProtocol
import UpdateModel

/// `POST /v1/update` and `/v1/update/`: what machines ask and report. Those of private groups show their secret as one more
/// segment of the path, which is what a stock machine's `SERVER=` can say, or as the password of basic credentials.
///
/// The body is read up to the limit of ``OmahaProtocol/XMLLimits/request`` and no further. Whatever is no Omaha request
/// is answered with a status of 4xx *and* an Omaha document, so that a person who looks at the wire sees why.
///
/// Source: flatcar/update_engine `src/update_engine/omaha_request_action.cc`, for what a machine accepts.
struct UpdateRoute: Sendable {
    let control: FleetControl
    let address: PublicAddress
    let bodies: BodyReader
    let health: StoreHealth
    let metrics: ServerMetrics
    /// A machine queues far fewer reports. More are refused, so that none is acknowledged and dropped.
    static let eventCountMax = 64

    func add(to router: Router<ServerContext>) {
        router.post("/v1/update") { request, context in await respond(to: request, context) }
        router.post("/v1/update/:secret") { request, context in await respond(to: request, context) }
    }

    private func respond(to request: Request, _ context: ServerContext) async -> Response {
        do {
            let body = try await bodies.collect(request, context, upTo: XMLLimits.request.documentBytes)
            let start = ContinuousClock.now
            defer { metrics.answeredCheckIn(after: ContinuousClock.now - start) }
            let message = try OmahaRequest(xml: body.readableBytesView)
            guard message.apps.allSatisfy({ $0.events.count <= Self.eventCountMax }) else {
                return refusal(.badRequest, "more than \(Self.eventCountMax) events of one application", context)
            }
            let shown = context.parameters.get("secret") ?? Credentials.password(of: request)
            return document(
                try await answer(to: message, secret: shown.map(FleetControl.secretDigest), context), status: .ok)
        } catch let error as RequestError {
            return refusal(error.status, error.detail, context)
        } catch let error as OmahaParseError {
            return refusal(.badRequest, error.userMessage.line, context)
        } catch OperationError.store(.busy) {
            return refusal(.serviceUnavailable, "Update request put off: the store is busy", context)
        } catch {
            if health.failed("\(error)", ofStore: error is OperationError) {
                context.logger.error("Update request failed", metadata: ["error": "\(error)"])
            }
            let isFull = if case OperationError.store(let error) = error { error.isFull } else { false }
            let full = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
            return refusal(isFull ? full : .internalServerError, nil, context)
        }
    }

    /// Answers each application in turn. The first that the store cannot record makes the whole request fail, so that
    /// nothing is acknowledged that is not durable.
    private func answer(
        to message: OmahaRequest, secret: SHA256Digest?, _ context: ServerContext
    ) async throws -> OmahaResponse {
        let translation = CheckInTranslation(
            message: message, peerAddress: context.peerAddress,
            serverURL: address.url(reached: context.reachedAddress))
        var apps: [OmahaResponse.App] = []
        for app in message.apps {
            guard var checkIn = translation.checkIn(app) else {
                apps.append(translation.refusalOfName(app))
                continue
            }
            checkIn.secret = secret
            let outcome = try await control.checkIn(checkIn)
            metrics.count(outcome)
            apps.append(translation.answer(app, outcome, pass: try await pass(for: outcome)))
        }
        return OmahaResponse(apps: apps)
    }

    /// What opens the payload on offer, where a group of its application is private.
    private func pass(for outcome: CheckInOutcome) async throws -> String? {
        guard outcome.isPrivate, case .offer(let payload) = outcome.decision, !payload.isElsewhere else {
            return nil
        }
        return try await control.payloadPass(for: payload.sha256)
    }

    private func document(_ response: OmahaResponse, status: HTTPResponse.Status) -> Response {
        Response(
            status: status, headers: [.contentType: "text/xml; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: response.xml())))
    }

    /// A document for people: machines drop the body of any status but 2xx. The connection ends with it, so that the
    /// rest of an endless body need not be read.
    private func refusal(_ status: HTTPResponse.Status, _ reason: String?, _ context: ServerContext) -> Response {
        metrics.countRefusal(isOurs: status.code >= 500)
        if let reason {
            let peer = context.peerAddress ?? "unknown"
            context.logger.info("Update request refused", metadata: ["peer": "\(peer)", "reason": "\(reason)"])
        }
        let app = OmahaResponse.App(
            id: "", status: .errorInternal, updateCheck: OmahaResponse.UpdateCheck(status: .errorInternal))
        var response = document(OmahaResponse(apps: [app]), status: status)
        response.headers[.connection] = "close"
        if status == .serviceUnavailable { response.headers[.retryAfter] = "60" }
        return response
    }
}
