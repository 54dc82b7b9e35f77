import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import OmahaProtocol
import UpdateModel

/// Speaks Omaha to an update server: one POST, one bounded answer.
struct OmahaClient: Sendable {
    let http: HTTPClient
    /// A server that has not answered by then is not answering.
    private static let timeLimit = TimeAmount.seconds(60)
    private static let responseSizeMax = 1024 * 1024

    /// - Throws: ``OmahaExchangeError``.
    func exchange(_ request: OmahaRequest, with server: String) async throws(OmahaExchangeError) -> OmahaResponse {
        var post = HTTPClientRequest(url: server)
        post.method = .POST
        post.headers.add(name: "Content-Type", value: "text/xml")
        post.body = .bytes(ByteBuffer(bytes: request.xml()))
        let body = try await answer(to: post, from: server)
        do {
            return try OmahaResponse(xml: body)
        } catch {
            throw .unintelligible(server: server, reason: "\(error.userMessage.text)")
        }
    }

    private func answer(to post: HTTPClientRequest, from server: String) async throws(OmahaExchangeError) -> [UInt8] {
        do {
            let response = try await http.execute(post, timeout: Self.timeLimit)
            guard (200...299).contains(response.status.code) else {
                throw OmahaExchangeError.refused(server: server, status: Int(response.status.code))
            }
            let body = try await response.body.collect(upTo: Self.responseSizeMax)
            return Array(body.readableBytesView)
        } catch let error as OmahaExchangeError {
            throw error
        } catch is NIOTooManyBytesError {
            throw .unintelligible(server: server, reason: "it is longer than \(Self.responseSizeMax) bytes")
        } catch {
            throw .unreachable(server: server, reason: "\(error)")
        }
    }
}

/// An exchange with the update server failed.
enum OmahaExchangeError: Error, Hashable {
    case unreachable(server: String, reason: String)
    case refused(server: String, status: Int)
    case unintelligible(server: String, reason: String)

    /// What update_engine would report.
    var code: OmahaErrorCode {
        switch self {
        case .unreachable: .http(nil)
        case .refused(_, let status): .http(status)
        case .unintelligible: .omahaRequestXMLParse
        }
    }
}

extension OmahaExchangeError: UserFacingError {
    var userMessage: UserMessage {
        switch self {
        case .unreachable(let server, let reason):
            UserMessage("\(server) did not answer: \(reason).", hint: "Is it running?", exit: .unavailable)
        case .refused(let server, let status):
            UserMessage("\(server) answered with HTTP status \(status).", hint: "Is the address right?", exit: .unavailable)
        case .unintelligible(let server, let reason):
            UserMessage("\(server) answered with something that is not Omaha: \(reason).", exit: .badData)
        }
    }
}
