import FoundationEssentials
import Glibc

/// One question and one answer over a socket of this host, without blocking a thread.
///
/// This file is the demo's only door to sockets: a descriptor never leaves it.
enum LocalSocket {
    enum Address: Hashable, Sendable {
        /// The file of a Unix socket.
        case file(String)
        /// A TCP port of 127.0.0.1.
        case port(UInt16)
    }

    /// What ends an answer.
    enum End: Hashable, Sendable {
        case lineEnd
        case connectionClosed
    }

    private static let timeLimit = Duration.seconds(5)
    private static let answerBytesMax = 16 << 20

    /// The answer; `nil` when nobody answers in time.
    static func exchange(_ question: [UInt8], with address: Address, until end: End) async -> [UInt8]? {
        let family =
            switch address {
            case .file: AF_UNIX
            case .port: AF_INET
            }
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let deadline = ContinuousClock.now + timeLimit
        guard await connects(descriptor, to: address, by: deadline) else { return nil }
        let sent = unsafe question.withUnsafeBytes {
            unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent == question.count else { return nil }
        return await readAnswer(descriptor, until: end, by: deadline)
    }

    private static func connects(
        _ descriptor: Int32, to address: Address, by deadline: ContinuousClock.Instant
    ) async -> Bool {
        let result =
            switch address {
            case .file(let path): connectToFile(descriptor, path)
            case .port(let port): connectToPort(descriptor, port)
            }
        if result == 0 { return true }
        guard errno == EINPROGRESS else { return false }
        while ContinuousClock.now < deadline {
            var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            if unsafe poll(&state, 1, 0) == 1 { return Int32(state.revents) & (POLLERR | POLLHUP) == 0 }
            do { try await Task.sleep(for: .milliseconds(2)) } catch { return false }
        }
        return false
    }

    private static func connectToFile(_ descriptor: Int32, _ path: String) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
            guard bytes.count < field.count else { return false }
            unsafe field.copyBytes(from: bytes)
            return true
        }
        guard fits else { return -1 }
        return connect(descriptor, &address)
    }

    private static func connectToPort(_ descriptor: Int32, _ port: UInt16) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return connect(descriptor, &address)
    }

    private static func connect<SocketAddress>(_ descriptor: Int32, _ address: inout SocketAddress) -> Int32 {
        let size = socklen_t(MemoryLayout<SocketAddress>.size)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, size)
            }
        }
    }

    private static func readAnswer(
        _ descriptor: Int32, until end: End, by deadline: ContinuousClock.Instant
    ) async -> [UInt8]? {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while answer.count < answerBytesMax, ContinuousClock.now < deadline {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                answer.append(contentsOf: buffer.prefix(count))
                if end == .lineEnd, answer.last == UInt8(ascii: "\n") { return answer }
            } else if count == 0 {
                return answer.isEmpty ? nil : answer
            } else if errno == EAGAIN || errno == EINTR {
                do { try await Task.sleep(for: .milliseconds(3)) } catch { return nil }
            } else {
                return nil
            }
        }
        return nil
    }
}
