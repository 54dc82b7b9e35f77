import Glibc

/// Whether tests may do what only root may.
let isRoot = geteuid() == 0

func setSize(of path: String, to sizeBytes: UInt64) throws {
    guard unsafe truncate(path, off_t(sizeBytes)) == 0 else { throw SizeNotSet(path: path) }
}

struct SizeNotSet: Error {
    let path: String
}
