import HostLinux

/// Small files of the running system, below the root that the settings name.
struct RootFiles: Sendable {
    let root: String
    /// No settings or identity file is larger.
    private static let sizeMax = 64 * 1024

    func path(_ absolute: String) -> String {
        (root.hasSuffix("/") ? String(root.dropLast()) : root) + absolute
    }

    /// `nil` when the file is missing, unreadable, too large or no UTF-8: all mean “not said here”.
    func text(_ absolute: String) -> String? {
        guard let bytes = try? AtomicFile.read(path(absolute), limit: Self.sizeMax) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// For each key the first of the files that has it.
    func keyValues(_ candidates: String...) -> KeyValueFile {
        candidates.reversed().reduce(KeyValueFile("")) { known, path in
            known.overridden(by: KeyValueFile(text(path) ?? ""))
        }
    }
}
