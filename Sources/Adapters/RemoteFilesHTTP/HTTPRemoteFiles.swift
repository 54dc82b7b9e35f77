internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
package import PayloadStore
package import UpdateModel

/// Reads files of the web, from addresses that this server may reach.
///
/// A URL comes from a person who may add payloads, not from one who may look around in the server's network. So each
/// name is looked up first, the addresses that it has are judged, and the connection goes to one that passed: a name
/// that has another address a moment later leads nowhere else. Redirects are followed by hand, and each goes through
/// the same.
package struct HTTPRemoteFiles: RemoteFiles {
    static let redirectsMaximum = 5
    /// Of the addresses that one name has, so many are tried.
    static let addressesMaximum = 4

    let rule: FetchRule
    let limits: FetchLimits
    let names: HostLookUp
    let noteForbidden: @Sendable (PayloadURL, NetworkAddress) -> Void

    /// - Parameters:
    ///   - allowed: networks beside the public Internet from which files may be read.
    ///   - lookUp: the addresses of a name; it may block.
    ///   - noteForbidden: is told which address a URL led to that nothing is fetched from. Who gave the URL is not: what names
    ///     stand for inside is none of theirs.
    package init(
        allowing allowed: [NetworkPrefix], limits: FetchLimits = FetchLimits(),
        lookUp: @escaping @Sendable (String) -> [NetworkAddress] = HostLookUp.system,
        noteForbidden: @escaping @Sendable (PayloadURL, NetworkAddress) -> Void = { _, _ in }
    ) {
        self.rule = FetchRule(allowed: allowed)
        self.limits = limits
        names = HostLookUp(lookUp)
        self.noteForbidden = noteForbidden
    }

    package func read<Result: Sendable>(
        _ url: PayloadURL, _ body: (RemoteFile, () async throws -> [UInt8]?) async throws -> Result
    ) async throws -> Result {
        let start = NIODeadline.now()
        // The client minds its deadline until the head of the answer is there.
        return try await exchange(.GET, url, deadline: start + min(limits.patience, limits.whole)) { response in
            guard response.status == .ok else { throw Self.refusal(url, response.status) }
            let coding = response.headers.first(name: "Content-Encoding")?.lowercased() ?? "identity"
            guard coding == "identity" else {
                throw RemoteFileError.unavailable(url, reason: "it comes packed as \(coding.prefix(32))")
            }
            var pieces = response.body.makeAsyncIterator()
            var pace = FetchPace(limits, start: start, answer: .now())
            return try await body(RemoteFile(response, whole: true)) {
                do {
                    guard let piece = try await pieces.next(isolation: #isolation) else { return nil }
                    try pace.take(piece.readableBytes, at: .now())
                    return Array(piece.readableBytesView)
                } catch let error as CancellationError {
                    throw error
                } catch {
                    throw RemoteFileError.unavailable(url, reason: FetchFailure.words(for: error))
                }
            }
        }
    }

    /// `HEAD`, and one byte by `GET` where that does not name the right size: some servers know no `HEAD`, and others
    /// answer it with something that is not so.
    package func probe(_ url: PayloadURL, expecting size: UInt64) async throws(RemoteFileError) -> RemoteFile {
        do {
            let deadline = NIODeadline.now() + limits.probe
            let file: RemoteFile? = try await exchange(.HEAD, url, deadline: deadline) { response in
                response.status == .ok ? RemoteFile(response, whole: true) : nil
            }
            if let file, file.size == size { return file }
            return try await exchange(.GET, url, range: "bytes=0-0", deadline: deadline) { response in
                switch response.status {
                case .ok: return RemoteFile(response, whole: true)
                case .partialContent, .rangeNotSatisfiable: return RemoteFile(response, whole: false)
                default: throw Self.refusal(url, response.status)
                }
            }
        } catch let error as RemoteFileError {
            throw error
        } catch {
            throw .unavailable(url, reason: FetchFailure.words(for: error))
        }
    }

    private static func refusal(_ url: PayloadURL, _ status: HTTPResponseStatus) -> RemoteFileError {
        .unavailable(url, reason: "it answers with status \(status.code)")
    }
}

// One request, wherever it leads.
extension HTTPRemoteFiles {
    private func exchange<Result: Sendable>(
        _ method: HTTPMethod, _ url: PayloadURL, range: String? = nil, deadline: NIODeadline,
        _ body: (HTTPClientResponse) async throws -> Result
    ) async throws -> Result {
        guard var place = FetchPlace(url) else {
            throw RemoteFileError.unavailable(url, reason: "it is no web address that can be asked")
        }
        for _ in 0...Self.redirectsMaximum {
            let answer = try await send(method, to: place, for: url, range, deadline) { response -> Answer<Result> in
                guard Self.isRedirect(response.status) else { return .done(try await body(response)) }
                guard let location = response.headers.first(name: "Location"), let next = place.redirected(to: location)
                else { throw RemoteFileError.unavailable(url, reason: "it redirects to nowhere that may be followed") }
                return .elsewhere(next)
            }
            switch answer {
            case .done(let result): return result
            case .elsewhere(let next): place = next
            }
        }
        throw RemoteFileError.unavailable(url, reason: "it redirects more than \(Self.redirectsMaximum) times")
    }

    private enum Answer<Result: Sendable>: Sendable {
        case done(Result)
        case elsewhere(FetchPlace)
    }

    /// Goes to the addresses of the place in turn, until one answers.
    private func send<Result: Sendable>(
        _ method: HTTPMethod, to place: FetchPlace, for url: PayloadURL, _ range: String?, _ deadline: NIODeadline,
        _ body: (HTTPClientResponse) async throws -> Result
    ) async throws -> Result {
        let known = try await names.addresses(of: place.host, within: limits.lookUp, for: url)
        let addresses = known.filter(rule.allows).prefix(Self.addressesMaximum)
        guard !addresses.isEmpty else {
            if let address = known.first { noteForbidden(url, address) }
            throw RemoteFileError.forbidden(url)
        }
        var request = HTTPClientRequest(url: place.text)
        request.method = method
        request.headers = ["Accept-Encoding": "identity", "User-Agent": "martlet-server"]
        if let range { request.headers.add(name: "Range", value: range) }
        var reason = ""
        for address in addresses where !Task.isCancelled {
            do {
                return try await ask(limits.configuration(place, connectingTo: address), request, deadline, body)
            } catch let error as NotAnswered {
                reason = FetchFailure.words(for: error.cause)
            }
        }
        throw RemoteFileError.unavailable(url, reason: reason)
    }

    /// One request to one address.
    /// - Throws: ``NotAnswered``; whatever `body` throws.
    private func ask<Result: Sendable>(
        _ configuration: HTTPClient.Configuration, _ request: HTTPClientRequest, _ deadline: NIODeadline,
        _ body: (HTTPClientResponse) async throws -> Result
    ) async throws -> Result {
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let response: HTTPClientResponse
            do { response = try await http.execute(request, deadline: deadline) } catch let error as CancellationError {
                throw error
            } catch { throw NotAnswered(cause: error) }
            let result = try await body(response)
            try? await http.shutdown()  // What was read is read.
            return result
        } catch {
            try? await http.shutdown()  // The error that led here matters more.
            throw error
        }
    }

    /// An address gave no head of an answer.
    private struct NotAnswered: Error {
        let cause: any Error
    }

    private static func isRedirect(_ status: HTTPResponseStatus) -> Bool {
        switch status {
        case .movedPermanently, .found, .seeOther, .temporaryRedirect, .permanentRedirect: true
        default: false
        }
    }
}

extension RemoteFile {
    private static let markByteCountMaximum = 256

    /// - Parameter whole: whether the answer is about all of the file; `Content-Range` tells the size otherwise.
    init(_ response: HTTPClientResponse, whole: Bool) {
        let headers = response.headers
        let length =
            whole
            ? headers.first(name: "Content-Length")
            : headers.first(name: "Content-Range")?.split(separator: "/").last.map(String.init)
        let mark = (headers.first(name: "ETag") ?? headers.first(name: "Last-Modified")).flatMap { text in
            let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            return isPlain && (1...Self.markByteCountMaximum).contains(text.utf8.count) ? text : nil
        }
        self.init(size: length.flatMap { UInt64($0) }, mark: mark)
    }
}
