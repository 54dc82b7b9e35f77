import AsyncHTTPClient
import FleetAPI
import FoundationEssentials
package import NIOCore
import NIOHTTP1

/// Talks to a server's API.
package struct FleetClient: Sendable {
    /// Answers beyond this are not ours.
    static let answerByteCountMax = 64 << 20
    /// What the server does by itself takes no longer.
    package static let answerTime = TimeAmount.minutes(10)
    /// For what makes the server read payloads on other servers: up to eight places for each, each for up to six hours.
    static let readingTime = TimeAmount.hours(24)

    /// Without a slash at its end.
    let server: String
    let token: String?
    let http: HTTPClient
    /// For an answer to what changes something.
    private let patience: TimeAmount

    /// Runs `body` with a client for `options`, and closes its connections afterwards.
    /// - Parameters:
    ///   - connectionCount: at most so many at once.
    ///   - patience: how long the server may take for an answer to what changes something.
    package static func connected<Result>(
        _ options: ConnectionOptions, connectionCount: Int = 8, patience: TimeAmount = Self.answerTime,
        _ body: (FleetClient) async throws -> Result
    ) async throws -> Result {
        let environment = ProcessInfo.processInfo.environment
        let named = options.server ?? environment["MARTLET_SERVER"].flatMap { $0.isEmpty ? nil : $0 }
        let server = try checkedServer(named ?? ConnectionOptions.defaultServer)
        let token = try AccessTokenSource.token(file: options.tokenFile, environment: environment)
        let http = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: configuration(connectionCount, patience))
        do {
            let client = FleetClient(server: server, token: token, http: http, patience: patience)
            let result = try await body(client)
            try await http.shutdown()
            return result
        } catch {
            try? await http.shutdown()  // The error that led here matters more.
            throw error
        }
    }

    /// Redirects are not followed: the token is for the server that was named.
    private static func configuration(_ connectionCount: Int, _ patience: TimeAmount) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: patience))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionCount
        return configuration
    }

    private static func checkedServer(_ text: String) throws(ClientError) -> String {
        let lower = text.lowercased()
        guard lower.hasPrefix("http://") || lower.hasPrefix("https://"), !text.contains("?"), !text.contains("#"),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .invalidServer(text) }
        var server = Substring(text)
        while server.last == "/" { server.removeLast() }
        return String(server)
    }
}

// Requests.
extension FleetClient {
    enum Method: String {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    func get<Value: Decodable>(_ path: APIPath, as type: Value.Type = Value.self) async throws -> Value {
        try value(of: try await send(.get, path), as: type)
    }

    /// - Parameter tag: the tag that the thing must still have, without quotes.
    func send<Value: Decodable>(
        _ method: Method, _ path: APIPath, _ body: some Encodable, ifStill tag: String? = nil,
        as type: Value.Type = Value.self
    ) async throws -> Value {
        let bytes = try APIJSON.encode(body)
        let condition = tag.map { [("If-Match", "\"\($0)\"")] } ?? []
        let headers = [("Content-Type", APIJSON.mediaType)] + condition
        let answer = try await send(method, path, headers: headers, .bytes(bytes), timeout: patience)
        return try value(of: answer, as: type)
    }

    func upload<Value: Decodable>(
        _ path: APIPath, headers: [(String, String)], _ body: HTTPClientRequest.Body, as type: Value.Type = Value.self
    ) async throws -> Value {
        let answer = try await send(.put, path, headers: headers, body, timeout: .hours(24))
        return try value(of: answer, as: type)
    }

    func delete(_ path: APIPath) async throws { _ = try await send(.delete, path) }

    /// Deletes what belongs to another thing, and returns that as it is then.
    func delete<Value: Decodable>(_ path: APIPath, ifStill tag: String? = nil, as type: Value.Type)
        async throws -> Value
    {
        let headers = tag.map { [("If-Match", "\"\($0)\"")] } ?? []
        return try value(of: try await send(.delete, path, headers: headers), as: type)
    }

    private func value<Value: Decodable>(of data: Data, as type: Value.Type) throws -> Value {
        do {
            return try APIJSON.decode(type, from: data)
        } catch {
            throw ClientError.foreign(server: server, reason: "its answer does not have the expected form")
        }
    }

    /// - Returns: the body of an answer of 2xx.
    private func send(
        _ method: Method, _ path: APIPath, headers: [(String, String)] = [], _ body: HTTPClientRequest.Body? = nil,
        timeout: TimeAmount = Self.answerTime
    ) async throws -> Data {
        var request = HTTPClientRequest(url: server + path.text)
        request.method = HTTPMethod(rawValue: method.rawValue)
        request.body = body
        request.headers = HTTPHeaders(headers + [("Accept", APIJSON.mediaType), ("User-Agent", "martlet")])
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        let status: Int
        let data: Data
        let isPassing: Bool
        do {
            let response = try await http.execute(request, timeout: timeout)
            status = Int(response.status.code)
            isPassing = response.headers.contains(name: "Retry-After")
            data = Data(try await response.body.collect(upTo: Self.answerByteCountMax).readableBytesView)
        } catch let error as ClientError {
            throw error
        } catch {
            throw ClientError.unreachable(server: server, reason: ConnectionFailure.words(for: error))
        }
        guard (200..<300).contains(status) else { throw refusal(status, data, isPassing: isPassing) }
        return data
    }

    private func refusal(_ status: Int, _ data: Data, isPassing: Bool) -> ClientError {
        guard let problem = try? APIJSON.decode(Problem.self, from: data) else {
            if (502...504).contains(status) { return .gateway(server: server, status: status) }
            return .foreign(server: server, reason: "it answered with status \(status)")
        }
        if isPassing { return .putOff(detail: problem.detail) }
        return .refused(status: status, detail: problem.detail)
    }
}
