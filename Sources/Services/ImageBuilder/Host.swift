internal import Glibc

/// The machine that this runs on.
enum Host {
    static var isRoot: Bool { geteuid() == 0 }

    /// The path of the running program.
    static var program: String? {
        guard let path = unsafe realpath("/proc/self/exe", nil) else { return nil }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }
}
