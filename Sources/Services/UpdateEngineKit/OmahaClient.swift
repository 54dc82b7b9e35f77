import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import OmahaProtocol
import UpdateModel

/// Speaks Omaha to an update server: one POST, one bounded answer.
struct OmahaClient: Sendable {
    let web: WebClient
    /// A server that has not answered by then is not answering.
    private static let timeLimit = TimeAmount.seconds(60)
    private static let responseSizeMax = 1024 * 1024

    /// - Throws: ``OmahaExchangeError``, `CancellationError`.
    func exchange(_ request: OmahaRequest, with server: WebAddress) async throws -> OmahaResponse {
        var post = WebClient.Request(server)
        post.method = .POST
        post.headers.add(name: "Content-Type", value: "text/xml")
        post.body = request.xml()
        let body = try await answer(to: post)
        do {
            return try OmahaResponse(xml: body)
        } catch {
            throw OmahaExchangeError.unintelligible(server: server, reason: error.userMessage.text)
        }
    }

    private func answer(to post: WebClient.Request) async throws -> [UInt8] {
        let server = post.address
        do {
            let response = try await web.send(post, deadline: .now() + Self.timeLimit)
            guard (200...299).contains(response.status.code) else {
                throw OmahaExchangeError.refused(server: server, status: Int(response.status.code))
            }
            let body = try await response.body.collect(upTo: Self.responseSizeMax)
            return Array(body.readableBytesView)
        } catch let error as OmahaExchangeError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch is NIOTooManyBytesError {
            throw OmahaExchangeError.unintelligible(
                server: server, reason: "it is longer than \(Self.responseSizeMax) bytes")
        } catch WebError.unreachable(let address, let reason) {
            throw OmahaExchangeError.unreachable(server: address, reason: reason)
        } catch is WebError {
            throw OmahaExchangeError.unreachable(
                server: server, reason: "it redirects for ever, or to where it may not")
        } catch {
            throw OmahaExchangeError.unreachable(server: server, reason: WebClient.reason(error))
        }
    }
}

/// An exchange with the update server failed.
enum OmahaExchangeError: Error, Hashable {
    case unreachable(server: WebAddress, reason: String)
    case refused(server: WebAddress, status: Int)
    case unintelligible(server: WebAddress, reason: String)
    /// It answered to a report without acknowledging it.
    case notRecorded(server: WebAddress)

    /// What update_engine would call it.
    var code: OmahaErrorCode {
        switch self {
        case .unreachable: .http(nil)
        case .refused(_, let status): .http(status)
        case .unintelligible, .notRecorded: .omahaRequestXMLParse
        }
    }
}

extension OmahaExchangeError: UserFacingError {
    var userMessage: UserMessage {
        switch self {
        case .unreachable(let server, let reason):
            UserMessage(
                "\(server) did not answer: \(reason) (code \(code.rawValue)).", hint: "Is it running?",
                exit: .unavailable)
        case .refused(let server, let status):
            UserMessage(
                "\(server) answered with HTTP status \(status) (code \(code.rawValue)).", hint: "Is the address right?",
                exit: .unavailable)
        case .unintelligible(let server, let reason):
            UserMessage(
                "\(server) answered with something that is not Omaha: \(reason) (code \(code.rawValue)).",
                exit: .badData)
        case .notRecorded(let server):
            UserMessage(
                "\(server) does not take reports of this machine.", hint: "Does its group need a secret?",
                exit: .notPermitted)
        }
    }
}
