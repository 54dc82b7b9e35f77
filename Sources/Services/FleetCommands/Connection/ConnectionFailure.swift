import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix

/// Plain words for what goes wrong between two programs.
enum ConnectionFailure {
    static func words(for error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { words(for: $0.error) } ?? "its name has no address"
        case let error as IOError: words(forCode: error.errnoCode, otherwise: "\(error)")
        case let error as HTTPClientError: words(for: error)
        case is NIOTooManyBytesError: "its answer is too long"
        default: "\(error)"
        }
    }

    private static func words(for error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout, .deadlineExceeded, .readTimeout: "it did not answer in time"
        case .remoteConnectionClosed: "it closed the connection"
        default: "\(error)"
        }
    }

    private static func words(forCode code: Int32, otherwise: String) -> String {
        switch code {
        case ECONNREFUSED: "nothing listens there"
        case ETIMEDOUT: "it did not answer in time"
        case ENETUNREACH, EHOSTUNREACH: "there is no way to it"
        case ECONNRESET, EPIPE: "it closed the connection"
        default: otherwise
        }
    }
}
