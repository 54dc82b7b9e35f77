import Glibc
package import UpdateModel

/// Makes sure that one engine at a time works on a machine's slots. Held until the process ends.
///
/// The directory itself is locked, not a file in it: a disk that has become read-only must not keep the engine from
/// telling its server so.
package struct EngineLock: ~Copyable {
    private let descriptor: CInt

    /// - Parameter directory: the engine's own.
    /// - Throws: ``EngineLockError`` when another process holds the lock, or the directory cannot be opened.
    package init(directory: String) throws(EngineLockError) {
        let opened = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { throw .unusable(path: directory, reason: Self.reason(errno)) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(opened)
            throw code == EWOULDBLOCK ? .taken(path: directory) : .unusable(path: directory, reason: Self.reason(code))
        }
        self.descriptor = opened
    }

    deinit { close(descriptor) }

    private static func reason(_ code: CInt) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
}

/// The engine's lock could not be had.
package enum EngineLockError: Error, Hashable {
    case taken(path: String)
    case unusable(path: String, reason: String)
}

extension EngineLockError: UserFacingError {
    package var userMessage: UserMessage {
        switch self {
        case .taken(let path):
            UserMessage("Another martletd holds \(path).", hint: "Stop it first.", exit: .tryLater)
        case .unusable(let path, let reason):
            UserMessage("\(path) cannot be locked: \(reason).", exit: .inputOutput)
        }
    }
}
