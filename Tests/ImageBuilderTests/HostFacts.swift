import Glibc

/// Whether tests may do what only root may.
let isRoot = geteuid() == 0

/// Sets this process's umask.
/// - Returns: the one before.
func setUmask(_ mask: UInt32) -> UInt32 { umask(mask) }

func setSize(of path: String, to sizeBytes: UInt64) throws {
    guard unsafe truncate(path, off_t(sizeBytes)) == 0 else { throw SizeNotSet(path: path) }
}

struct SizeNotSet: Error {
    let path: String
}
