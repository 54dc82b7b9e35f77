import Glibc

/// An HTTP/1.1 connection to a server on this host that stays open: one request at a time.
///
/// All calls on the socket are here.
struct LoopbackConnection: ~Copyable {
    let descriptor: CInt
    private var received: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 16 << 10)

    /// An answer of the server.
    struct Answer {
        let status: Int
        let body: ArraySlice<UInt8>
    }

    init(port: UInt16) throws(YardstickError) {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw .failed("no socket: \(Output.systemText(errno))") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
        }
        guard status == 0 else { throw .failed("nothing answers on port \(port): \(Output.systemText(errno))") }
        var on: CInt = 1
        _ = unsafe setsockopt(
            descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    }

    deinit { close(descriptor) }

    /// Sends a whole request. It fits the socket's buffer, so this does not wait.
    func send(_ request: [UInt8]) throws(YardstickError) {
        let sent = unsafe Glibc.send(descriptor, request, request.count, CInt(MSG_NOSIGNAL))
        guard sent == request.count else { throw .failed("the server took \(sent) of \(request.count) bytes") }
    }

    /// Takes what has arrived; for when the socket is readable.
    /// - Returns: The answer, once it is whole.
    mutating func receive() throws(YardstickError) -> Answer? {
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw .failed("the server closed a connection") }
        received += buffer.prefix(count)
        guard received.count <= 1 << 20 else { throw .failed("an answer does not end") }
        return try wholeAnswer()
    }

    private mutating func wholeAnswer() throws(YardstickError) -> Answer? {
        guard let headEnd = received.firstIndex(ofHeadEnd: ()) else { return nil }
        let head = String(decoding: received[..<headEnd], as: UTF8.self).lowercased()
        let lines = head.split(separator: "\r\n")
        let statusText = lines.first?.split(separator: " ").dropFirst().first
        let length = lines.first { $0.hasPrefix("content-length:") }?.drop { $0 != ":" }.dropFirst()
        guard let status = statusText.flatMap({ Int($0) }),
            let count = length.flatMap({ Int($0.filter { $0 != " " }) }), count <= 1 << 20
        else { throw .failed("an answer reads unlike HTTP: \(head.prefix(80))") }
        guard received.count >= headEnd + count else { return nil }
        let answer = Answer(status: status, body: received[headEnd..<headEnd + count])
        received = []
        return answer
    }
}

extension [UInt8] {
    /// Where an HTTP head ends and the body begins.
    fileprivate func firstIndex(ofHeadEnd: Void) -> Int? {
        guard count >= 4 else { return nil }
        for index in 3..<count where self[index] == 10 {
            if self[index - 1] == 13, self[index - 2] == 10, self[index - 3] == 13 { return index + 1 }
        }
        return nil
    }
}

/// Waits until some of the connections have something to read.
struct Readiness {
    private var entries: [pollfd]

    init(_ descriptors: [CInt]) {
        entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    }

    /// Leaves a connection out from now on.
    mutating func forget(_ index: Int) { entries[index].fd = -1 }

    /// - Returns: The indices of those that are readable; empty when the time is over.
    mutating func wait(milliseconds: CInt) -> [Int] {
        guard unsafe poll(&entries, nfds_t(entries.count), milliseconds) > 0 else { return [] }
        return entries.indices.filter { entries[$0].revents != 0 }
    }
}
