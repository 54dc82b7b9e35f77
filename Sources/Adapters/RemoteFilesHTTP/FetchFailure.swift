import AsyncHTTPClient
import NIOCore
import NIOPosix
import PayloadStore

/// Plain words for what goes wrong on the way to another server.
enum FetchFailure {
    static func words(for error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { words(for: $0.error) } ?? "its name has no address"
        case let error as IOError: words(forCode: error.errnoCode, otherwise: "\(error)")
        case let error as HTTPClientError: words(for: error)
        case is TooSlow: "its bytes come too slowly"
        case is TooLong: "it does not come to an end in time"
        case is CancellationError: "reading it was ended"
        default: String("\(error)".prefix(200))
        }
    }

    private static func words(for error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout, .deadlineExceeded, .readTimeout: "it does not answer in time"
        case .remoteConnectionClosed: "it closed the connection"
        default: error.shortDescription.lowercased()
        }
    }

    private static func words(forCode code: Int32, otherwise: String) -> String {
        switch code {
        case 111: "nothing listens there"
        case 110: "it does not answer in time"
        case 101, 113: "there is no way to it"
        case 104, 32: "it closed the connection"
        default: otherwise
        }
    }
}
