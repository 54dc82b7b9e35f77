import AsyncHTTPClient
import FleetAPI
import FoundationEssentials
import UpdateModel

/// Sends a payload, and goes on where a connection broke off.
struct PayloadSender: Sendable {
    let client: FleetClient
    let file: PayloadFile
    /// Of the whole file.
    let digest: SHA256Digest
    let progress: Progress

    /// The longest time between two attempts, in seconds.
    private static let pauseMaximum = 30

    /// - Parameters:
    ///   - path: where it is sent.
    ///   - statePath: where the server says how much it has.
    func send(to path: APIPath, askingAt statePath: APIPath, attempts: Int) async throws -> PayloadResource {
        var attempt = 1
        while true {
            do {
                return try await sendRest(to: path, from: try await offset(statePath))
            } catch ClientError.unreachable where attempt < attempts {
                let pause = min(1 << min(attempt - 1, 10), Self.pauseMaximum)
                progress.note("The connection broke; attempt \(attempt + 1) of \(attempts) in \(pause) s.")
                try await Task.sleep(for: .seconds(pause))
                attempt += 1
            }
        }
    }

    /// What the server has of the file. One that knows no such question, or has more than there is, gets all of it.
    private func offset(_ statePath: APIPath) async throws -> UInt64 {
        do {
            let path = statePath.with("sha256", digest.hexadecimal)
            let received = try await client.get(path, as: UploadState.self).received
            return received < file.size ? received : 0
        } catch ClientError.refused(status: 404, _), ClientError.refused(status: 405, _) {
            return 0
        }
    }

    private func sendRest(to path: APIPath, from offset: UInt64) async throws -> PayloadResource {
        let base64 = Data(digest.bytes).base64EncodedString()
        var headers = [("Content-Type", "application/octet-stream"), ("Repr-Digest", "sha-256=:\(base64):")]
        if offset > 0 { headers.append(("Content-Range", "bytes \(offset)-\(file.size - 1)/\(file.size)")) }
        let chunks = file.chunks(from: offset) { progress.advance(to: $0) }
        let body = HTTPClientRequest.Body.stream(chunks, length: .known(Int64(clamping: file.size - offset)))
        return try await client.upload(path, headers: headers, body, as: PayloadResource.self)
    }
}
