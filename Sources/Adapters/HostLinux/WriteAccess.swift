import Glibc

/// Whether a directory takes changes.
package enum WriteAccess {
    /// The kernel's reason why not, such as “read-only file system”; `nil` when it does. Nothing is written.
    package static func refusal(of directory: String) -> String? {
        guard unsafe access(directory, W_OK) != 0 else { return nil }
        let reason = SystemError.last.reason
        return reason.prefix(1).lowercased() + reason.dropFirst()
    }
}
