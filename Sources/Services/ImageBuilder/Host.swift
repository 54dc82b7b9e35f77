internal import Glibc

/// The machine that this runs on.
enum Host {
    static var isRoot: Bool { geteuid() == 0 }

    /// The path of the running program.
    static var program: String? { Files.resolved("/proc/self/exe") }
}
