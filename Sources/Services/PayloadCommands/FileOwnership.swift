internal import Glibc

/// Whose a file is, and who may do what with it.
struct FileOwnership {
    private let mode: mode_t
    private let user: uid_t
    private let group: gid_t

    /// `nil` unless a regular file is at `path`.
    init?(ofFile path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        mode = status.st_mode & 0o777
        user = status.st_uid
        group = status.st_gid
    }

    /// Makes the file at `path` the same people's. Only root may give files away: where the owner or group cannot be
    /// kept the mode still is.
    ///
    /// - Parameter keepingWritable: The owner may write, whatever the mode says: the file is being made.
    func give(to path: String, keepingWritable: Bool) {
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if fchown(descriptor, user, group) != 0 { _ = fchown(descriptor, uid_t.max, group) }
        _ = fchmod(descriptor, keepingWritable ? mode | 0o600 : mode)
    }
}
