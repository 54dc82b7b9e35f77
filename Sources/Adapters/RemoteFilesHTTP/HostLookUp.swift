import Glibc
import NIOCore
import NIOPosix
import PayloadStore
import Synchronization
package import UpdateModel

/// The addresses of names. Each name is looked up once at a time, however many wait for it: names that nobody answers
/// for take one thread each, and not one for everybody who asks.
package final class HostLookUp: Sendable {
    /// The system's look-up blocks, and has patience of its own: it has threads of its own, too.
    private static let threads: NIOThreadPool = {
        let threads = NIOThreadPool(numberOfThreads: 8)
        threads.start()
        return threads
    }()

    private struct UnderWay {
        var hasBegun = false
        var waiting: [FirstAnswer] = []
    }

    private let underWay = Mutex<[String: UnderWay]>([:])
    private let lookUp: @Sendable (String) -> [NetworkAddress]

    /// - Parameter lookUp: may block.
    init(_ lookUp: @escaping @Sendable (String) -> [NetworkAddress]) { self.lookUp = lookUp }

    /// - Throws: ``RemoteFileError/unavailable(_:reason:)``, and ``RemoteFileError/notAsked(_:)`` where it did not even
    ///   begin in time.
    func addresses(of host: String, within limit: TimeAmount, for url: PayloadURL) async throws -> [NetworkAddress] {
        if let address = NetworkAddress(host) { return [address] }
        let answer = await withCheckedContinuation { continuation in
            let answer = FirstAnswer(continuation)
            MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: limit) { answer.give(self.delay(of: host)) }
            if join(answer, host) { begin(host) }
        }
        switch answer {
        case .found(let addresses) where addresses.isEmpty:
            throw RemoteFileError.unavailable(url, reason: "its name has no address")
        case .found(let addresses): return addresses
        case .late: throw RemoteFileError.unavailable(url, reason: "its name was not found in time")
        case .notBegun: throw RemoteFileError.notAsked(url)
        }
    }

    private func delay(of host: String) -> LookUpAnswer {
        underWay.withLock { $0[host]?.hasBegun == true } ? .late : .notBegun
    }

    /// - Returns: whether nobody waited for the name.
    private func join(_ answer: FirstAnswer, _ host: String) -> Bool {
        underWay.withLock { underWay in
            let isFirst = underWay[host] == nil
            underWay[host, default: UnderWay()].waiting.removeAll(where: \.isGiven)
            underWay[host, default: UnderWay()].waiting.append(answer)
            return isFirst
        }
    }

    private func begin(_ host: String) {
        Self.threads.submit { [self] state in
            guard case .active = state, isWanted(host) else { return }
            let found = lookUp(host)
            let waiting = underWay.withLock { $0.removeValue(forKey: host)?.waiting ?? [] }
            for answer in waiting { answer.give(.found(found)) }
        }
    }

    /// A look-up that nobody waits for any more is not begun.
    private func isWanted(_ host: String) -> Bool {
        underWay.withLock { underWay in
            guard underWay[host]?.waiting.contains(where: { !$0.isGiven }) == true else {
                underWay[host] = nil
                return false
            }
            underWay[host]?.hasBegun = true
            return true
        }
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

/// What became of a look-up.
private enum LookUpAnswer: Sendable {
    case found([NetworkAddress])
    /// It goes on.
    case late
    /// No thread was free.
    case notBegun
}

/// What comes first, an answer or the end of patience.
private final class FirstAnswer: Sendable {
    private let continuation: Mutex<CheckedContinuation<LookUpAnswer, Never>?>

    init(_ continuation: CheckedContinuation<LookUpAnswer, Never>) { self.continuation = Mutex(continuation) }

    var isGiven: Bool { continuation.withLock { $0 == nil } }

    func give(_ answer: LookUpAnswer) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(returning: answer)
    }
}
