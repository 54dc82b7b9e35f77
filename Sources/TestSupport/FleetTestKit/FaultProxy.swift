import Dispatch
import Synchronization

/// A proxy on 127.0.0.1 between a client and a file server that plays faults, each at the byte it is told: for testing
/// clients that must survive bad links.
///
/// Every connection carries one request. Faults are used up in order, each by the first answer that it applies to;
/// when none is left, answers pass as they are. The proxy adds an `ETag` and honours `If-Range`, which the servers of
/// the tests do not.
package final class FaultProxy: Sendable {
    package enum Fault: Hashable, Sendable {
        /// Closes when the file's bytes before `at` have passed.
        case cut(at: Int)
        /// Sends no more when they have passed, and waits for the client to give up.
        case stall(at: Int)
        /// Sends one byte at a time from there on, each when ``drip()`` says so.
        case slow(from: Int)
        /// Answers a request for a range with the whole file.
        case ignoreRange
        /// Answers with the range that lies so many bytes further on, and says so.
        case wrongRange(by: Int)
        /// From now on the file is another.
        case change(Change)
        /// From now on the same bytes bear another `ETag`.
        case touch
        /// From now on the file ends there; `isTold`: by its length.
        case truncate(to: Int, isTold: Bool)
        /// So many bytes more behind the answer's end; `isTold`: by its length.
        case extra(Int, isTold: Bool)
        case status(Int)
        /// Redirects to where it redirects again, for ever.
        case redirect
        /// Compresses the body, and says so.
        case gzip
        /// Says that the body is so many bytes longer than it is.
        case wrongLength(by: Int)

        /// Where it happens; `nil`: at the next answer, whatever that carries.
        var place: Int? {
            switch self {
            case .cut(let place), .stall(let place), .slow(let place): place
            default: nil
            }
        }
    }

    package enum Change: Hashable, Sendable, CaseIterable {
        /// Another `ETag`, and `If-Range` is honoured.
        case told
        /// Another `ETag`, and `If-Range` is ignored.
        case halfTold
        /// Nothing shows it but the bytes.
        case silent
    }

    private struct State {
        var faults: [Fault]
        var server = FaultServer()
        var requestCount = 0
        var bodyByteCount = 0
        var holdingCount = 0
        /// By the port of their server.
        var files: [Int: [UInt8]] = [:]
        var open: [ObjectIdentifier: LoopbackSocket] = [:]
        var isStopped = false
    }

    package let port: Int
    private let upstream: Int
    private let other: Int
    private let listener: LoopbackSocket
    private let state: Mutex<State>
    private let drips = DispatchSemaphore(value: 0)
    private let queue = DispatchQueue(label: "martlet.fault-proxy", attributes: .concurrent)

    /// - Parameters:
    ///   - upstream: the port of the server whose answers are passed on.
    ///   - other: of one that serves what the file changes into.
    package init(to upstream: Int, other: Int? = nil, _ faults: [Fault] = []) throws {
        self.upstream = upstream
        self.other = other ?? upstream
        self.state = Mutex(State(faults: faults))
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
    package var requestCount: Int { state.withLock { $0.requestCount } }
    /// Bytes of the file, or of what stood for it, that were sent in all.
    package var bodyByteCount: Int { state.withLock { $0.bodyByteCount } }
    /// Whether an answer stands still until the client gives up.
    package var isHolding: Bool { state.withLock { $0.holdingCount > 0 } }
    package var faultsLeft: [Fault] { state.withLock { $0.faults } }

    /// Lets one byte more of a slow answer pass.
    package func drip() { drips.signal() }

    /// Begins afresh, with an honest server and these faults.
    package func play(_ faults: [Fault]) {
        state.withLock { state in
            state.faults = faults
            state.server = FaultServer()
            state.requestCount = 0
            state.bodyByteCount = 0
        }
    }

    /// Ends every connection and takes no more.
    package func stop() {
        let open: [LoopbackSocket] = state.withLock { state in
            state.isStopped = true
            return Array(state.open.values)
        }
        listener.shutDown()
        for connection in open { connection.shutDown() }
        drips.signal()
    }

    private func handle(_ connection: LoopbackSocket) {
        let mayGoOn = state.withLock { state in
            guard !state.isStopped else { return false }
            state.open[ObjectIdentifier(connection)] = connection
            return true
        }
        defer { state.withLock { _ = $0.open.removeValue(forKey: ObjectIdentifier(connection)) } }
        if mayGoOn, let request = StallingServer.readRequest(from: connection) { answer(request, on: connection) }
        connection.shutDown()
    }

    private func answer(_ request: StallingServer.Request, on connection: LoopbackSocket) {
        let (server, faults) = state.withLock { state in
            state.requestCount += 1
            let faults = state.server.takeFaults(for: request, from: &state.faults)
            return (state.server, faults)
        }
        guard let file = fetch(request, from: server.isOther ? other : upstream) else { return }
        let answer = server.answer(request, file, faults)
        connection.send(StallingServer.head(answer.status, answer.headers))
        let place = answer.stop.map { max(0, min($0.place ?? 0, answer.first + answer.body.count) - answer.first) }
        send(answer.body.prefix(place ?? .max), on: connection)
        switch answer.stop {
        case .stall: hold { StallingServer.waitForEnd(of: connection) }
        case .slow: hold { trickle(answer.body.dropFirst(place ?? 0), on: connection) }
        default: break
        }
    }

    private func send(_ bytes: some Collection<UInt8>, on connection: LoopbackSocket) {
        state.withLock { $0.bodyByteCount += bytes.count }
        connection.send(bytes)
    }

    private func hold(_ body: () -> Void) {
        state.withLock { $0.holdingCount += 1 }
        body()
        state.withLock { $0.holdingCount -= 1 }
    }

    private func trickle(_ bytes: some Collection<UInt8>, on connection: LoopbackSocket) {
        for byte in bytes {
            drips.wait()
            if state.withLock({ $0.isStopped }) || !connection.send([byte]) { return }
            state.withLock { $0.bodyByteCount += 1 }
        }
    }

    /// The whole file, as the server has it; asked for once.
    private func fetch(_ request: StallingServer.Request, from port: Int) -> [UInt8]? {
        if let known = state.withLock({ $0.files[port] }) { return known }
        guard let connection = try? LoopbackSocket.connected(to: port) else { return nil }
        let lines = ["GET \(request.target) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close", "", ""]
        connection.send(lines.joined(separator: "\r\n").utf8)
        var bytes: [UInt8] = []
        while true {
            let more = connection.receive(65536)
            guard !more.isEmpty else { break }
            bytes += more
        }
        let end = bytes.indices.dropLast(3).first { bytes[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }
        guard let end else { return nil }
        let file = Array(bytes[(end + 4)...])
        state.withLock { $0.files[port] = file }
        return file
    }
}
