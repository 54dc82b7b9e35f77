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

    /// - Parameters:
    ///   - path: where it is sent.
    ///   - statePath: where the server says how much it has.
    func send(to path: APIPath, askingAt statePath: APIPath, attempts: Int) async throws -> PayloadResource {
        let patience = UploadPatience(attempts: attempts) { [progress] seconds, text in
            progress.note(text)
            try await Task.sleep(for: .seconds(seconds))
        }
        return try await patience.run { attempt in
            do {
                return try await sendRest(to: path, from: try await offset(statePath))
            } catch ClientError.refused(status: 409, let detail) where attempt > 1 {
                if let whole = try await added(path) { return whole }
                throw ClientError.refused(status: 409, detail: detail)
            }
        }
    }

    /// The payload, where an attempt whose answer was lost has brought it to its release after all.
    private func added(_ path: APIPath) async throws -> PayloadResource? {
        do {
            let payload = try await client.get(path, as: PayloadResource.self)
            return payload.sha256 == digest ? payload : nil
        } catch ClientError.refused(status: 404, _) {
            return nil
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
