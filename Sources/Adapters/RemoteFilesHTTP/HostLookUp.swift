import Glibc
import NIOCore
import NIOPosix
import PayloadStore
import Synchronization
package import UpdateModel

/// The addresses of a name.
package enum HostLookUp {
    /// The system's look-up blocks, and has patience of its own: it has threads of its own, too.
    private static let threads: NIOThreadPool = {
        let threads = NIOThreadPool(numberOfThreads: 4)
        threads.start()
        return threads
    }()

    /// - Parameter lookUp: may block.
    /// - Throws: ``RemoteFileError/unavailable(_:reason:)``.
    static func addresses(
        of host: String, within limit: TimeAmount, for url: PayloadURL, _ lookUp: @escaping @Sendable (String) -> [NetworkAddress]
    ) async throws -> [NetworkAddress] {
        if let address = NetworkAddress(host) { return [address] }
        let found: [NetworkAddress]? = await withCheckedContinuation { continuation in
            let answer = FirstAnswer(continuation)
            let alarm = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: limit) { answer.give(nil) }
            threads.submit { state in
                // A look-up that nobody waits for any more is not begun.
                if case .active = state, !answer.isGiven { answer.give(lookUp(host)) }
                alarm.cancel()
            }
        }
        guard let found else { throw RemoteFileError.unavailable(url, reason: "its name was not found in time") }
        guard !found.isEmpty else { throw RemoteFileError.unavailable(url, reason: "its name has no address") }
        return found
    }

    /// As the system knows them, in the order in which it would try them.
    package static func system(_ host: String) -> [NetworkAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &first) == 0 else { return [] }
        defer { unsafe freeaddrinfo(first) }
        var addresses: [NetworkAddress] = []
        var entry = unsafe first
        // The list and what it points at live until it is freed above.
        while let current = unsafe entry {
            if let address = unsafe address(current.pointee), !addresses.contains(address) { addresses.append(address) }
            unsafe entry = current.pointee.ai_next
        }
        return addresses
    }

    private static func address(_ entry: addrinfo) -> NetworkAddress? {
        guard let socket = unsafe entry.ai_addr else { return nil }
        switch unsafe entry.ai_family {
        case AF_INET:
            return unsafe socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                var address = unsafe pointer.pointee.sin_addr
                return unsafe NetworkAddress(bytes: withUnsafeBytes(of: &address) { unsafe Array($0) })
            }
        case AF_INET6:
            return unsafe socket.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                var address = unsafe pointer.pointee.sin6_addr
                return unsafe NetworkAddress(bytes: withUnsafeBytes(of: &address) { unsafe Array($0) })
            }
        default: return nil
        }
    }
}

/// What comes first, an answer or the end of patience.
private final class FirstAnswer: Sendable {
    private let continuation: Mutex<CheckedContinuation<[NetworkAddress]?, Never>?>

    init(_ continuation: CheckedContinuation<[NetworkAddress]?, Never>) { self.continuation = Mutex(continuation) }

    var isGiven: Bool { continuation.withLock { $0 == nil } }

    func give(_ addresses: [NetworkAddress]?) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(returning: addresses)
    }
}
