import EngineControl
import FoundationEssentials
import Glibc

/// Asks a daemon one question over its Unix socket, without blocking a thread.
///
/// This file is the demo's only door to sockets: the descriptor never leaves it.
struct ControlSocket: Sendable {
    let path: String
    private static let timeLimit = Duration.seconds(2)
    private static let answerBytesMax = 1 << 20

    /// The daemon's status; `nil` when nobody answers, which is usual while a machine boots.
    func status() async -> EngineStatus? {
        guard let question = try? JSONEncoder().encode(ControlRequest(.status)) else { return nil }
        guard let answer = await ask(Array(question) + [UInt8(ascii: "\n")]) else { return nil }
        // What cannot be understood counts as no answer: the daemon may have been killed in the middle of it.
        return (try? JSONDecoder().decode(ControlResponse.self, from: Data(answer)))?.status
    }

    private func ask(_ question: [UInt8]) async -> [UInt8]? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard connects(descriptor) else { return nil }
        let sent = unsafe question.withUnsafeBytes {
            unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent == question.count else { return nil }
        return await readLine(descriptor)
    }

    private func connects(_ descriptor: Int32) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { field in
            guard bytes.count < field.count else { return false }
            unsafe field.copyBytes(from: bytes)
            return true
        }
        guard fits else { return false }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(descriptor, address, size) == 0
            }
        }
    }

    private func readLine(_ descriptor: Int32) async -> [UInt8]? {
        let deadline = ContinuousClock.now + Self.timeLimit
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while answer.count < Self.answerBytesMax, ContinuousClock.now < deadline {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                answer.append(contentsOf: buffer.prefix(count))
                if answer.last == UInt8(ascii: "\n") { return answer }
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                return answer.isEmpty ? nil : answer
            } else {
                do { try await Task.sleep(for: .milliseconds(3)) } catch { return nil }
            }
        }
        return nil
    }
}
