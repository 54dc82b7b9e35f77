internal import Glibc

/// Who may do what with a file.
struct FileRights: Hashable {
    /// The lower twelve bits.
    let mode: UInt16
    let user: uid_t
    let group: gid_t

    /// `nil` where there is no file.
    init?(of path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        mode = UInt16(status.st_mode & 0o7777)
        user = status.st_uid
        group = status.st_gid
    }
}
