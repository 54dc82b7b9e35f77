import EngineControl
import FoundationEssentials

/// Asks a daemon for its status over its Unix socket.
struct ControlSocket: Sendable {
    let path: String

    /// The daemon's status; `nil` when nobody answers, which is usual while a machine boots.
    func status() async -> EngineStatus? {
        guard let question = try? JSONEncoder().encode(ControlRequest(.status)) else { return nil }
        let line = Array(question) + [UInt8(ascii: "\n")]
        guard let answer = await LocalSocket.exchange(line, with: .file(path), until: .lineEnd) else { return nil }
        // What cannot be understood counts as no answer: the daemon may have been killed in the middle of it.
        return (try? JSONDecoder().decode(ControlResponse.self, from: Data(answer)))?.status
    }
}
