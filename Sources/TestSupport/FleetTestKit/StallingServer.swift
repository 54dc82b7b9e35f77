import Dispatch
import Synchronization

/// A small HTTP server on 127.0.0.1 that misbehaves as it is told: for testing clients.
///
/// Every connection carries one request. Behaviours are used up one a request; the last one stays.
package final class StallingServer: Sendable {
    package enum Behaviour: Hashable, Sendable {
        /// Serves the content, and ranges of it.
        case honest
        /// Serves the whole content, whatever range was asked for.
        case ignoresRange
        /// Takes the request and never answers.
        case silent
        /// Closes without an answer.
        case closesAtOnce
        /// Sends headers and that many bytes of the body, and then nothing more.
        case stalls(afterBytes: Int)
        /// Sends headers and that many bytes of the body, and closes.
        case closes(afterBytes: Int)
        /// Says a wrong length; sends the content and closes.
        case lies(contentLength: Int)
        /// Redirects to another path of itself, for ever.
        case redirects
        /// Another status and body altogether.
        case answers(status: Int, contentType: String, body: String)
    }

    package struct Request: Hashable, Sendable {
        package let method: String
        package let target: String
        /// Names in lower case.
        package let headers: [String: String]
    }

    private struct State {
        var behaviours: [Behaviour]
        var requests: [Request] = []
        var open: [ObjectIdentifier: LoopbackSocket] = [:]
        var isStopped = false
    }

    /// A body for ``Behaviour/answers(status:contentType:body:)``: what a captive portal sends.
    package static let html = Behaviour.answers(
        status: 200, contentType: "text/html", body: "<html><body>Please log in.</body></html>")

    package let port: Int
    private let content: [UInt8]
    private let listener: LoopbackSocket
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "martlet.stalling-server", attributes: .concurrent)

    /// Starts serving `content` under every path.
    package init(content: [UInt8], _ behaviours: Behaviour...) throws {
        self.content = content
        self.state = Mutex(State(behaviours: behaviours.isEmpty ? [.honest] : behaviours))
        self.listener = try LoopbackSocket.listening()
        self.port = listener.port
        queue.async { [weak self, listener] in
            while let connection = listener.accept() {
                guard let self else { return }
                queue.async { self.handle(connection) }
            }
        }
    }

    deinit { listener.shutDown() }

    /// `http://127.0.0.1:PORT`, without a path.
    package var url: String { "http://127.0.0.1:\(port)" }

    /// Requests so far.
    package var requests: [Request] { state.withLock { $0.requests } }

    package func behave(_ behaviours: Behaviour...) { state.withLock { $0.behaviours = behaviours } }

    /// Ends every connection and takes no more.
    package func stop() {
        let open: [LoopbackSocket] = state.withLock { state in
            state.isStopped = true
            return Array(state.open.values)
        }
        listener.shutDown()
        for connection in open { connection.shutDown() }
    }

    private func handle(_ connection: LoopbackSocket) {
        let mayGoOn = state.withLock { state in
            guard !state.isStopped else { return false }
            state.open[ObjectIdentifier(connection)] = connection
            return true
        }
        defer { state.withLock { _ = $0.open.removeValue(forKey: ObjectIdentifier(connection)) } }
        guard mayGoOn, let request = Self.readRequest(from: connection) else { return }
        let behaviour: Behaviour = state.withLock { state in
            state.requests.append(request)
            guard let next = state.behaviours.first else { return .honest }
            if state.behaviours.count > 1 { state.behaviours.removeFirst() }
            return next
        }
        answer(request, behaviour, on: connection)
        connection.shutDown()
    }

    private func answer(_ request: Request, _ behaviour: Behaviour, on connection: LoopbackSocket) {
        switch behaviour {
        case .honest: sendContent(request, range: range(of: request), on: connection)
        case .ignoresRange: sendContent(request, range: nil, on: connection)
        case .silent: Self.waitForEnd(of: connection)
        case .closesAtOnce: break
        case .stalls(let count):
            sendContent(request, range: range(of: request), limit: count, on: connection)
            Self.waitForEnd(of: connection)
        case .closes(let count): sendContent(request, range: range(of: request), limit: count, on: connection)
        case .lies(let length):
            connection.send(Self.head(200, ["Content-Length: \(length)", "Content-Type: application/octet-stream"]))
            connection.send(content)
        case .redirects:
            let target = "/again/\(state.withLock { $0.requests.count })"
            connection.send(Self.head(302, ["Location: \(url)\(target)", "Content-Length: 0"]))
        case .answers(let status, let contentType, let body):
            connection.send(
                Self.head(status, ["Content-Length: \(body.utf8.count)", "Content-Type: \(contentType)"]))
            connection.send(body.utf8)
        }
    }

    private func sendContent(
        _ request: Request, range: Range<Int>?, limit: Int = .max, on connection: LoopbackSocket
    ) {
        let body = content[range ?? 0..<content.count]
        var headers = [
            "Content-Length: \(body.count)", "Content-Type: application/octet-stream", "Accept-Ranges: bytes",
        ]
        if let range {
            headers.append("Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(content.count)")
        }
        connection.send(Self.head(range == nil ? 200 : 206, headers))
        if request.method != "HEAD" { connection.send(body.prefix(limit)) }
    }

    /// The one range that was asked for, if it lies in the content; `bytes=5-` and `bytes=5-9` are understood.
    private func range(of request: Request) -> Range<Int>? {
        guard let value = request.headers["range"], value.hasPrefix("bytes=") else { return nil }
        let bounds = value.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = Int(bounds[0]), first >= 0, first < content.count else { return nil }
        let last = bounds[1].isEmpty ? content.count - 1 : min(Int(bounds[1]) ?? -1, content.count - 1)
        return last >= first ? first..<last + 1 : nil
    }

    static func head(_ status: Int, _ headers: [String]) -> String.UTF8View {
        (["HTTP/1.1 \(status) Test", "Connection: close"] + headers + ["", ""]).joined(separator: "\r\n").utf8
    }

    static func waitForEnd(of connection: LoopbackSocket) {
        while !connection.receive(1024).isEmpty {}
    }

    /// Reads to the end of the headers, and the body that they announce.
    static func readRequest(from connection: LoopbackSocket) -> Request? {
        var bytes: [UInt8] = []
        var end: Int?
        while end == nil, bytes.count < 65536 {
            let more = connection.receive(4096)
            guard !more.isEmpty else { return nil }
            bytes += more
            end = bytes.indices.dropLast(3).first { bytes[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }
        }
        guard let end else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        var missing = min(Int(headers["content-length"] ?? "") ?? 0, 1 << 20) - (bytes.count - end - 4)
        while missing > 0 {
            let more = connection.receive(4096)
            guard !more.isEmpty else { return nil }
            missing -= more.count
        }
        return Request(method: String(words[0]), target: String(words[1]), headers: headers)
    }
}
