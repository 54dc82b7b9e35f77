import Glibc
import UpdateModel

/// Makes sure that one engine at a time works on a machine's slots. Held until the process ends.
struct EngineLock: ~Copyable {
    private let descriptor: CInt

    /// - Throws: ``EngineLockError`` when another process holds the lock, or the file cannot be made.
    init(path: String) throws(EngineLockError) {
        let opened = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode_t(0o600))
        guard opened >= 0 else { throw .unusable(path: path, reason: Self.reason(errno)) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(opened)
            throw code == EWOULDBLOCK ? .taken(path: path) : .unusable(path: path, reason: Self.reason(code))
        }
        self.descriptor = opened
    }

    deinit { close(descriptor) }

    private static func reason(_ code: CInt) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
}

/// The engine's lock could not be had.
enum EngineLockError: Error, Hashable {
    case taken(path: String)
    case unusable(path: String, reason: String)
}

extension EngineLockError: UserFacingError {
    var userMessage: UserMessage {
        switch self {
        case .taken(let path):
            UserMessage("Another martletd holds \(path).", hint: "Stop it first.", exit: .tryLater)
        case .unusable(let path, let reason):
            UserMessage("The lock \(path) cannot be used: \(reason).", exit: .inputOutput)
        }
    }
}
