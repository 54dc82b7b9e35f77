import Glibc

/// How many files and connections this process may have open.
package enum OpenFileLimit {
    /// Asks for as many as the system allows: the usual soft limit of 1024 is fewer than the slow readers that one
    /// roll-out can bring. That the limit cannot be raised is no reason not to start.
    package static func raise() {
        var limit = current
        guard limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        // The pointer is a local variable's.
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Each download needs a connection and a file; some are kept for everything else.
    static var connectionCountMax: Int {
        let files = Int(clamping: current.rlim_cur)
        return min(max((files - 128) / 2, 64), 20_000)
    }

    private static var current: rlimit {
        var limit = rlimit(rlim_cur: 1024, rlim_max: 1024)
        // The pointer is a local variable's; when it fails the values above stay.
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit
    }
}
