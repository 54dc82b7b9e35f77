import Glibc

/// A TCP socket on 127.0.0.1. All unsafe calls of the test server are here.
final class LoopbackSocket: Sendable {
    private let descriptor: CInt

    private init(owning descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Listens on a free port.
    static func listening() throws -> LoopbackSocket {
        let (result, descriptor) = try unconnected()
        var address = Self.address(port: 0)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, size) }
        }
        guard status == 0, listen(descriptor, 64) == 0 else { throw ContractFailure("cannot listen: error \(errno)") }
        return result
    }

    /// A connection to a server of this machine.
    static func connected(to port: Int) throws -> LoopbackSocket {
        let (result, descriptor) = try unconnected()
        var address = Self.address(port: port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
        }
        guard status == 0 else { throw ContractFailure("cannot connect to port \(port): error \(errno)") }
        return result
    }

    private static func unconnected() throws -> (LoopbackSocket, CInt) {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw ContractFailure("no socket: error \(errno)") }
        return (LoopbackSocket(owning: descriptor), descriptor)
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        return address
    }

    var port: Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &size)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// The next connection; `nil` once the socket was shut down.
    func accept() -> LoopbackSocket? {
        while true {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 { return LoopbackSocket(owning: connection) }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    /// Up to `count` bytes; empty at the end.
    func receive(_ count: Int) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        while true {
            let received = unsafe recv(descriptor, &buffer, count, 0)
            if received >= 0 { return Array(buffer.prefix(received)) }
            guard errno == EINTR else { return [] }
        }
    }

    /// Returns whether all of `bytes` went out.
    @discardableResult func send(_ bytes: some Sequence<UInt8>) -> Bool {
        var rest = Array(bytes)
        while !rest.isEmpty {
            let sent = unsafe Glibc.send(descriptor, rest, rest.count, CInt(MSG_NOSIGNAL))
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { return false }
            rest.removeFirst(sent)
        }
        return true
    }

    /// Wakes whoever waits on it, and ends the connection.
    func shutDown() { _ = shutdown(descriptor, CInt(SHUT_RDWR)) }
}
